// Time solana-dex-parser on recorded transactions: one round for each line on stdin, nanoseconds for each on stdout.
// Arguments: the folder where the package is installed, the folder of transactions.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [home, folder] = process.argv.slice(2);
const { DexParser } = createRequire(join(home, "package.json"))("solana-dex-parser");
const files = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
const texts = files.map((name) => readFileSync(join(folder, name)));
const parser = new DexParser();

function parseAll() {
  let trades = 0;
  for (const text of texts) {
    try {
      trades += parser.parseTrades(JSON.parse(text)).length;
    } catch {
      // What it cannot read counts as read: that only flatters it.
    }
  }
  return trades;
}

for (let warmUp = 0; warmUp < 20; warmUp += 1) parseAll();
for await (const line of createInterface({ input: process.stdin })) {
  const times = Number(line);
  const start = process.hrtime.bigint();
  for (let time = 0; time < times; time += 1) parseAll();
  console.log(String(process.hrtime.bigint() - start));
}
