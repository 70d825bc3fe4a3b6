// A station on the JavaScript library `ocpp-rpc`. In strict mode it checks what we answer and ask against the OCA's schemas
// and reports what is wrong. Reads its orders (what to say, what to answer) from a file, says "done", and stays until its
// input ends. Strict mode of 2.1 is broken in this release (schema ids), so it is off there.
import { readFileSync } from "node:fs";
import { RPCClient, createRPCError } from "ocpp-rpc";

const { url, identity, password, version, session, answers } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const strict = version !== "2.1";
const client = new RPCClient({
  endpoint: url,
  identity,
  password,
  protocols: [`ocpp${version}`],
  strictMode: strict,
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
