"""Makes a container in Azurite: `container.py ENDPOINT ACCOUNT KEY NAME`. Signs as the blob service asks for it."""
import base64, hashlib, hmac, sys, urllib.request
from email.utils import formatdate

endpoint, account, key, name = sys.argv[1:]
headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
# The verb, eleven headers that are not sent, those that are, and the resource: the account twice, since it is in the path.
lines = ["PUT", *[""] * 11, *[f"{header}:{value}" for header, value in headers.items()]]
lines += [f"/{account}/{account}/{name}", "restype:container"]
digest = hmac.new(base64.b64decode(key), "\n".join(lines).encode(), hashlib.sha256).digest()
headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(digest).decode()}"
request = urllib.request.Request(f"{endpoint}/{name}?restype=container", method="PUT", headers=headers)
urllib.request.urlopen(request)
