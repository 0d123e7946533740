/** Messages that a strict codec must accept or refuse, with the verdict on each. */
export { requestCorpus, responseCorpus } from "./corpus.ts";
export type { CorpusEntry } from "./corpus.ts";
