// Reads every document named, by the reference parser of AsyncAPI with its Avro schemas, and says what it finds wrong.
// `node check.mjs FOLDER FILE...`: FOLDER is where the parser is installed. Prints JSON: file -> problems.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, ...files] = process.argv.slice(2);
const installed = createRequire(join(folder, "package.json"));
const { Parser } = installed("@asyncapi/parser");
const { AvroSchemaParser } = installed("@asyncapi/avro-schema-parser");

const avro = AvroSchemaParser();
const parser = new Parser();
parser.registerSchemaParser(avro);
// Only says that 3.1.0 exists; the documents are of 3.0.0, which is what tools read today.
const AN_OPINION = "asyncapi-latest-version";
const found = {};
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const { document, diagnostics } = await parser.parse(text, { source: file });
  const problems = diagnostics.filter(({ code }) => code !== AN_OPINION)
    .map(({ severity, code, message, path }) => `${severity} ${code} ${path.join(".")}: ${message}`);
  // In documents of version 3 the parser converts Avro schemas without checking them first.
  for (const [name, { payload }] of Object.entries(JSON.parse(text).components.messages)) {
    if (avro.getMimeTypes().includes(payload?.schemaFormat)) {
      const wrong = await avro.validate({ data: payload.schema, path: [] });
      problems.push(...wrong.map(({ message }) => `${name}: ${message}`));
    }
  }
  const messages = document ? document.allMessages().all().map((message) => message.name()).sort() : [];
  found[file] = { problems, messages };
}
console.log(JSON.stringify(found));
