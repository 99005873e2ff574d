"""The standing words of every document: what holds of all feeds, and of each way to read one."""
from __future__ import annotations

from adapters.http.app import WAIT_SECONDS_MAX
from adapters.kafka.settings import DAY_SECONDS, FEED_RETENTION_SECONDS_MAX

RETENTION_DAYS = FEED_RETENTION_SECONDS_MAX // DAY_SECONDS

INTRO = """\
Everything that an agency may give to an office of kind {kind}, and how it arrives. What is not named here is not given.
Your office has a feed of its own; nobody shares it, and no sign in it means anything to another partner. The agency lists
you for one of three channels: Kafka, HTTP that you read, or a signed webhook. All three carry the same bytes under the
same numbers. `send` and `receive` are said of the agency: what it sends, you receive."""
READING = """\
## Bytes
An entry's bytes are Avro single-object encoding: `C3 01`, eight bytes of the schema's CRC-64-AVRO fingerprint
(`x-fingerprint`), the body. In the examples `payload` is what the bytes of `x-bytes` say; dates are days since 1970,
moments are microseconds since 1970. Null means that the agency does not know, or may not tell you. A published version
never changes; a later one reads the earlier ones and is read by them."""
ORDER = """\
## Numbers and order
`feednumber` begins at 1 and has no gap: when you have all numbers up to one, you have everything up to there. `sequence` is
the order within one case, whose reference is the key; between cases only `feednumber` says which entry is older. The same
entry may come twice; it then has the same id and the same bytes, so keep each id once. A number whose entry does not leave
(its basis ended, or it is held back) comes as a Placeholder; what stood for it comes, if at all, under a number of its own,
and then `releases` (the header `ce_releases`) has the number that it had first. Within a case what was held back arrives
before what was told after it: the order of arrival holds."""
MISSING = f"""\
## Numbers that are missing
A topic leaves no number out. Where the first that you see is neither 1 nor the one after the last that you kept, you began
late, or were away for more than {RETENTION_DAYS} days, and the topic has let the earlier ones go by their age. Commit
nothing past them yet: your commit says that you have them. Tell your agency from which number to which; it has every entry
(`casebridge feed OFFICE --after N`) and brings you those in another way. Then go on at the first number that is there. By
HTTP nothing goes by age: read after the last number that you kept, or after 0. By webhook a number is missing where its
entry did not leave; there is nothing to ask for, since what was only held back comes later."""
EPOCHS = """\
## After a restore
An agency that lost its log goes on from an older copy. It then has forgotten the last entries that it gave you, and gives
their numbers to others. So each restore begins a new epoch of your feed: from then on entries have `feedepoch`, a sign that
is new with each restore, and `feedfrom`, the number with which the epoch began; both are in the id. When the first entry
of an epoch comes: it follows the number before `feedfrom`, whatever you have after that; keep what you have, take it as
given to you, and tell the agency which numbers and cases it is, for it owes you corrections of what it does not know of.
Keep your place as epoch and number. Whoever compares numbers alone takes a new entry for one that is known, and loses it."""
RETENTION = f"""\
## Retention
A topic keeps an entry {RETENTION_DAYS} days, and its file on disk stays a day longer at most. Commit an offset when you have
kept what comes before it: the committed offset of your group is the hand-over, and the agency's duty may rest on it."""
DELETION = """\
## Deletion
Nothing is deleted from a feed before its age, and no record has an empty value. What is taken back is followed by a
Disregard, which names its number (`withdraws`), tells nothing new, and says by `text_code` what is asked of you:
`disregard` (it was sent in error, or the ground on which it was given ended): do not rely on that entry, keep no copy of
it, and answer the agency that you did; `erase` (a court ordered its record to be destroyed): erase every copy of it, pass
nothing of it on, and confirm to the agency that you did. The agency destroys the keys of its own copy then, so that a feed
which you read again by HTTP gives that number as a Placeholder; on a topic it goes by its age."""
CHECKING = """\
## Proof
The agency keeps of each entry the SHA-256 of salt and bytes (`digest` in `x-bytes`). Keep the salt with the bytes:
together they prove what you were given. A Placeholder has none."""
FEED = """\
One partition. Read with isolation level `read_committed`: what is not committed may never have been sent. Key: your
reference of the case, a text. Headers: CloudEvents 1.0 in binary mode. No trace of the agency's own travels with it."""
INBOX = """\
Yours to write to, nobody else's. No form of an answer is published for it yet, and the agency acts on nothing that is
written here: answer as you do today, and quote your reference of the case."""
PULL = f"""\
With your credential, as CloudEvents in a batch. To read after a number says that you have kept all up to it, and is the
hand-over. `wait` waits up to {WAIT_SECONDS_MAX} seconds for something new. Each reading is checked anew: an entry
whose basis ended since keeps its number and comes as a Placeholder. 401: not your feed, or none; 410: your
place was lost in a restore, and `link` says where to go on; 429 and 503 say in `retry-after` when to come
again. The agency's `/openapi.json` describes the same for tools of HTTP."""
WEBHOOK = """\
A CloudEvent 1.0 in structured mode; the bytes of the published event are in `data_base64`, the same as on every other
channel. Verify the signature, keep the entry, answer 2xx: that is the hand-over. 410 holds the entry back until a person
looks; any other answer is tried again, from five seconds on doubling to two hours, for five days."""
