// A station on the JavaScript library `ocpp-rpc`, in strict mode: it checks what we answer and ask against the OCA's schemas
// and reports what is wrong. Reads its orders (what to say, what to answer) from a file, says "done", and stays until its
// input ends.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { RPCClient, createRPCError, createValidator } from "ocpp-rpc";

// The validator remarks on how the OCA writes its schemas, hundreds of times.
console.warn = () => {};

// Release 2.2.1 names its schemas of 2.1 as no one looks them up: urn:ResetRequest, and not urn:Reset.req.
const schemas = createRequire(import.meta.url)("ocpp-rpc/lib/schemas/ocpp2_1.json");
const id = ({ $id }) => $id.replace(/Request$/, ".req").replace(/Response$/, ".conf");
const found = createValidator(
  "ocpp2.1",
  schemas.map((schema) => ({ ...schema, $id: id(schema) })),
);

const { url, identity, password, version, session, answers } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const client = new RPCClient({
  endpoint: url,
  identity,
  password,
  protocols: [`ocpp${version}`],
  strictMode: true,
  strictModeValidators: [found],
  reconnect: false,
});

client.on("strictValidationFailure", ({ error, method }) => console.log(`failed ${method}: strict: ${error.message}`));
client.handle(({ method }) => {
  if (!(method in answers)) throw createRPCError("NotImplemented");
  return answers[method];
});

await client.connect();
let number = 0;
for (const [action, payload] of session) {
  if (version === "1.6" && "transactionId" in payload) payload.transactionId = number;
  try {
    const answer = await client.call(action, payload);
    number = answer.transactionId ?? number;
    console.log(`said ${action}`);
  } catch (error) {
    console.log(`failed ${action}: ${error.rpcErrorCode ?? error.name}: ${error.message}`);
  }
}
console.log("done");
process.stdin.resume();
process.stdin.on("end", async () => {
  await client.close();
  process.exit(0);
});
