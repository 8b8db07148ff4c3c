// Every command of the extension with its arguments, declared once: the manifest's `contributes.commands` is generated
// from this table, and client and server name commands through it.

/** Arguments by command; all are optional, since the command palette gives none. */
export interface CommandArguments {
  /** Trains the model of a document; asks for what it can't know. */
  'morphnet.runMorphNet': readonly [uri?: string, entry?: string];
  /** Gives a training script of the user's own the files and lines that learn widths. */
  'morphnet.addToScript': readonly [uri?: string, entry?: string];
  /** Opens a small model with data to train it on. */
  'morphnet.openExample': readonly [];
  /** Shows what every layer of a model costs; asks which model where that is not said. */
  'morphnet.showCosts': readonly [uri?: string, entry?: string];
  /** Shows a model's network as a graph, by what its layers cost; asks as the one before. */
  'morphnet.showGraph': readonly [uri?: string, entry?: string];
  /** Shows the costs of a model file that is no text, or of any other; asks which where that is not said. */
  'morphnet.openModelFile': readonly [uri?: string];
  /** Shows a run's dashboard; without an id the latest run's, or a choice. */
  'morphnet.openDashboard': readonly [runId?: string];
  /** Shows a sweep's trade-off of cost against accuracy; without an id the only one, or a choice. */
  'morphnet.showTradeOff': readonly [sweepId?: string];
  'morphnet.stopRun': readonly [runId?: string];
  'morphnet.pauseRun': readonly [runId?: string];
  'morphnet.resumeRun': readonly [runId?: string];
  /** Moves a run's folder to the trash; asks first. */
  'morphnet.deleteRun': readonly [runId?: string];
  /** Shows runs side by side; asks which where fewer than two are given. */
  'morphnet.compareRuns': readonly [...runIds: string[]];
  /** Shows runs in TensorBoard, where a Python has it. */
  'morphnet.openTensorboard': readonly [runId?: string];
  /** Shows a run's folder in the system's file manager. */
  'morphnet.revealRun': readonly [runId?: string];
  /** Applies a run's proposal to the source: all of it, or one layer's width. */
  'morphnet.applyProposal': readonly [runId?: string, layer?: string];
  /** Applies what the run's proposal was expanded to: all of it, or one layer's width. */
  'morphnet.applyExpanded': readonly [runId?: string, layer?: string];
  /** Writes the proposed network out as a module of its own, for widths that edits of the source can't give. */
  'morphnet.writeSlimModel': readonly [runId?: string];
  /** The same for what the proposal was expanded to. */
  'morphnet.writeExpandedModel': readonly [runId?: string];
  /** Scales all widths that a run proposes to a budget; asks for the budget. */
  'morphnet.expandRun': readonly [runId?: string];
  /** Trains a run's seed and proposal from scratch. */
  'morphnet.retrainRun': readonly [runId?: string];
  /** Learns a structure at each of several strengths; asks for what it can't know. */
  'morphnet.sweepStrengths': readonly [uri?: string, entry?: string];
  /** Rounds of shrinking and expanding. */
  'morphnet.iterateModel': readonly [uri?: string, entry?: string];
  /** Says which of a document's models is meant, in `morphnet.json`. */
  'morphnet.selectModel': readonly [uri?: string, entry?: string];
  /** Says at which input a model is read, in `morphnet.json`; asks for it. */
  'morphnet.setInput': readonly [uri?: string, entry?: string];
  /** Says with which arguments a class is made that needs some, in `morphnet.json` or in a comment; asks for both. */
  'morphnet.setArguments': readonly [uri?: string, name?: string, ...needs: string[]];
  /** Puts the cursor on the layer of the chosen model that multiplies most. */
  'morphnet.goToMostExpensiveLayer': readonly [];
  /** Shows or hides the costs at the ends of lines. */
  'morphnet.toggleHints': readonly [];
  /** Shows or hides the shapes of tensors behind the statements that give them names. */
  'morphnet.toggleShapes': readonly [];
  /** Measures this machine, so that latencies are of it. */
  'morphnet.measureMachine': readonly [];
  /** Times a model on this machine, as a whole and layer by layer, and shows the times in its table of costs. */
  'morphnet.measureModel': readonly [uri?: string, entry?: string];
  /** Asks for other widths of layers of a model, shows what they come to, and writes them as a proven edit. */
  'morphnet.setWidth': readonly [uri?: string, entry?: string, ...layers: string[]];
  /** The same for all layers of a model by one factor. */
  'morphnet.scaleWidths': readonly [uri?: string, entry?: string];
  /** Rewrites a model's code so that each layer can have a width of its own; no model changes. */
  'morphnet.giveOwnWidths': readonly [uri?: string, entry?: string];
  'morphnet.selectDevice': readonly [];
  'morphnet.selectConvention': readonly [];
}

export type CommandId = keyof CommandArguments;

/** One row of the table, as the manifest wants it. */
export interface CommandDeclaration {
  readonly command: CommandId;
  readonly title: string;
  readonly category: 'MorphNet';
  readonly icon?: string;
}

export const commandDeclarations: readonly CommandDeclaration[] = [
  { command: 'morphnet.runMorphNet', title: 'Run MorphNet', category: 'MorphNet', icon: '$(beaker)' },
  { command: 'morphnet.addToScript', title: 'Add to My Training Script…', category: 'MorphNet' },
  { command: 'morphnet.openExample', title: 'Open Example', category: 'MorphNet' },
  { command: 'morphnet.showCosts', title: 'Show Costs', category: 'MorphNet', icon: '$(list-tree)' },
  { command: 'morphnet.showGraph', title: 'Show Graph', category: 'MorphNet', icon: '$(type-hierarchy)' },
  { command: 'morphnet.openModelFile', title: 'Open Model File…', category: 'MorphNet' },
  { command: 'morphnet.openDashboard', title: 'Open Dashboard', category: 'MorphNet', icon: '$(graph)' },
  { command: 'morphnet.showTradeOff', title: 'Show Trade-off Curve', category: 'MorphNet' },
  { command: 'morphnet.stopRun', title: 'Stop Run', category: 'MorphNet' },
  { command: 'morphnet.pauseRun', title: 'Pause Run', category: 'MorphNet' },
  { command: 'morphnet.resumeRun', title: 'Resume Run', category: 'MorphNet', icon: '$(debug-continue)' },
  { command: 'morphnet.deleteRun', title: 'Delete Run…', category: 'MorphNet' },
  { command: 'morphnet.revealRun', title: 'Reveal Run in File Explorer', category: 'MorphNet' },
  { command: 'morphnet.compareRuns', title: 'Compare Runs…', category: 'MorphNet' },
  { command: 'morphnet.openTensorboard', title: 'Open in TensorBoard', category: 'MorphNet' },
  { command: 'morphnet.applyProposal', title: 'Apply Proposed Widths', category: 'MorphNet' },
  { command: 'morphnet.writeSlimModel', title: 'Write Slim Model to a New File', category: 'MorphNet' },
  { command: 'morphnet.expandRun', title: 'Expand Structure…', category: 'MorphNet', icon: '$(unfold)' },
  { command: 'morphnet.applyExpanded', title: 'Apply Expanded Widths', category: 'MorphNet' },
  { command: 'morphnet.writeExpandedModel', title: 'Write Expanded Model to a New File', category: 'MorphNet' },
  { command: 'morphnet.retrainRun', title: 'Retrain Seed and Proposal', category: 'MorphNet' },
  { command: 'morphnet.sweepStrengths', title: 'Sweep Strengths…', category: 'MorphNet' },
  { command: 'morphnet.iterateModel', title: 'Iterate Shrink and Expand', category: 'MorphNet' },
  { command: 'morphnet.selectModel', title: 'Select Model…', category: 'MorphNet' },
  { command: 'morphnet.setInput', title: 'Set Input…', category: 'MorphNet' },
  { command: 'morphnet.setArguments', title: 'Set Arguments…', category: 'MorphNet' },
  { command: 'morphnet.goToMostExpensiveLayer', title: 'Go to Most Expensive Layer', category: 'MorphNet' },
  { command: 'morphnet.toggleHints', title: 'Toggle Hints', category: 'MorphNet' },
  { command: 'morphnet.toggleShapes', title: 'Toggle Shapes Where Data Flows', category: 'MorphNet' },
  { command: 'morphnet.measureMachine', title: 'Measure This Machine', category: 'MorphNet' },
  { command: 'morphnet.measureModel', title: 'Measure This Model', category: 'MorphNet' },
  { command: 'morphnet.setWidth', title: 'Set Width…', category: 'MorphNet' },
  { command: 'morphnet.scaleWidths', title: 'Scale All Widths…', category: 'MorphNet' },
  { command: 'morphnet.giveOwnWidths', title: 'Give Each Block Its Own Width…', category: 'MorphNet' },
  { command: 'morphnet.selectDevice', title: 'Select Device', category: 'MorphNet' },
  { command: 'morphnet.selectConvention', title: 'Select Counting Convention', category: 'MorphNet' },
];
