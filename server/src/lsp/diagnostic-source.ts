// Whose findings ours are.

/** The name under which the editor lists our findings. */
export const diagnosticSource = 'MorphNet';
