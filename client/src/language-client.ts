// The client library, in a bundle of its own: it is large, and activation must not wait for it to be compiled.

export { LanguageClient, State } from 'vscode-languageclient/node';
