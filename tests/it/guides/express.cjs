// A consumer's Express application: runs the handler in HANDLER (TypeScript) and prints its address, then a line for
// each request with headers, body and the status it was answered with.
const express = require("express");
const { transform } = require("sucrase");

const app = express();
app.use(
  express.json({
    verify: (request, _response, bytes) => {
      request.raw = bytes.toString("utf8");
    },
  }),
);
app.use((request, response, next) => {
  response.on("finish", () => {
    const { headers, raw: body } = request;
    console.log(JSON.stringify({ headers, body, status: response.statusCode }));
  });
  next();
});
const code = transform(process.env.HANDLER, { transforms: ["typescript", "imports"] }).code;
new Function("require", "exports", "app", "WEBHOOK_SECRET", code)(require, {}, app, process.env.WEBHOOK_SECRET);
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/webhook`);
});
// Ends with the test that started it.
process.stdin.resume().on("end", () => process.exit(0));
