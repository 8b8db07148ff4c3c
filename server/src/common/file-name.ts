// The name of a document's file, for people.

/** The last part of a URI's path, readable. */
export function fileName(document: string): string {
  return decodedOnce(document.slice(document.lastIndexOf('/') + 1));
}

function decodedOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: show it as it is.
    return text;
  }
}
