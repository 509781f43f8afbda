# Reads {"secret", "headers", "body"} and verifies with the published library: exit 0 accepted, 3 refused.
import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

request = json.load(sys.stdin)
try:
    Webhook(request["secret"]).verify(request["body"], request["headers"])
except WebhookVerificationError as error:
    print(error)
    sys.exit(3)
