// Compares the words of two texts, as Intl.Segmenter cuts them, with jsdiff: a line of JSON in, a line of JSON out.
import { createInterface } from "node:readline";

const diff = await import("diff").catch(() => null);
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
const words = (text) => Array.from(segmenter.segment(text), (part) => part.segment);
// Code points, as Python counts them.
const size = (parts) => Array.from(parts.join("")).length;

for await (const line of createInterface({ input: process.stdin })) {
  const { old, new: latest } = JSON.parse(line);
  const parts = diff ? diff.diffArrays(words(old), words(latest)) : [];
  const script = parts.map((part) => [part.added ? "+" : part.removed ? "-" : "=", size(part.value)]);
  console.log(JSON.stringify({ ready: Boolean(diff), script }));
}
