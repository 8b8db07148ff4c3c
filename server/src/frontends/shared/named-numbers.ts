// What is asked of a format's language when numbers are to get names of their own: at which expressions which value is wanted
// in which call. The answer is text: first the code that makes room and changes nothing, then the numbers.

import type { SourceSpan } from '../../common/source-span.ts';
import type { NumberPassing, TracedCall } from './traced-calls.ts';

/** An expression of a function whose number is to be another one at times. */
export interface NamedPlace {
  readonly span: SourceSpan;
  /** The layer that it is about, `conv1`: what a parameter may be called after. */
  readonly layer: string;
  /** Every time that a number came by, with the one that is wanted instead; undefined where it gives what it gives. */
  readonly values: readonly { readonly at: NumberPassing; readonly value: number | undefined }[];
}

export interface NamingRequest {
  readonly places: readonly NamedPlace[];
  readonly calls: readonly TracedCall[];
  /** Whether a document is the user's to edit: numbers are passed through no function of a library. */
  readonly isEditable: (document: string) => boolean;
  /** Whether functions get parameters also where numbers could be written in them: code that is to take any number later. */
  readonly isForLater: boolean;
  /** Whether no other model runs this function: then numbers may be written in it. */
  readonly isOnlyOurs: (definition: SourceSpan) => boolean;
}

/** One text exchanged for another; nothing is exchanged where something is only put in. */
export interface TextEdit {
  readonly document: string;
  readonly start: number;
  readonly end: number;
  readonly oldText: string;
  readonly newText: string;
}

export interface NamedNumbers {
  /** Makes room for the numbers: every model stays as it is. */
  readonly refactoring: readonly TextEdit[];
  /** The same with the numbers. */
  readonly edits: readonly TextEdit[];
}
