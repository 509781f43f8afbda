// Reads {"secret", "headers", "body"} and verifies with the published library: exit 0 accepted, 3 refused.
const fs = require("fs");
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

const request = JSON.parse(fs.readFileSync(0, "utf8"));
try {
  new Webhook(request.secret).verify(request.body, request.headers);
} catch (error) {
  if (!(error instanceof WebhookVerificationError)) throw error;
  console.log(error.message);
  process.exit(3);
}
