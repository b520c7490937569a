# ruff: noqa: E501 - one entry a line reads best
"""What customers write to a help desk, by category, as sentences with slots (see :mod:`.slots`). Data only."""

from __future__ import annotations

TICKETS = (
    ("technical", "Dashboard won't load in {browser}", "Since {weekday} the dashboard stays blank in {browser}. The console shows a 502 from /api/widgets. Clearing the cache didn't help.", ("medium", "high")),
    ("technical", "Webhook deliveries stopped", "We have not received any webhook since {time} on {weekday}. Our endpoint answers 200 to manual tests, and nothing changed on our side.", ("high", "urgent")),
    ("technical", "Cannot connect printer to hub", "The hub finds my label printer but drops the connection after about {seconds} seconds. Firmware is {version} on both.", ("low", "medium")),
    ("technical", "API returns 429 far below our limit", "Our plan allows 600 requests per minute and we send about {n}. Still every third call is rejected with 429.", ("medium", "high")),
    ("technical", "Video calls freeze after {minutes} minutes", "On my {device} every call freezes after roughly {minutes} minutes while the sound goes on. Other apps are fine.", ("medium", "high")),
    ("technical", "Sync stuck at {pct} %", "My {device} has been stuck at {pct} % for {hours} hours. I have restarted it twice and reinstalled the app.", ("medium",)),
    ("technical", "SMTP login rejected", "Our mail server gets 535 Authentication failed since you moved us to the new cluster on {weekday}. The password was not changed.", ("high", "urgent")),
    ("billing", "Charged twice for {month}", "My card shows two payments of ${amount} on {month} {day}. Please refund one of them.", ("medium", "high")),
    ("billing", "Invoice is missing our VAT number", "Your invoice for order {order} does not show our VAT number, so accounting at {company} can't book it. Could you issue it again?", ("low", "medium")),
    ("billing", "Refund for order {order} not received", "I sent the item back {n} days ago and you confirmed it, but the ${amount} never arrived.", ("medium", "high")),
    ("billing", "Discount code was not applied", "I entered the newsletter code at checkout, it said accepted, and I was still charged the full ${amount}.", ("low", "medium")),
    ("billing", "Switch to annual billing", "We would like to pay for {n} seats once a year instead of monthly. Does the change take effect right away?", ("low",)),
    ("billing", "Card declined although it works elsewhere", "My new card is declined each time I try to renew in {browser}. The bank says that no request from you ever reached them.", ("medium", "high")),
    ("account", "Locked out after changing phones", "My authenticator app was on the old {device} and I have no backup codes. I can confirm my identity any way you like.", ("high", "urgent")),
    ("account", "Please change my e-mail address", "My address at {company} will stop working at the end of next month. How can I move my account without losing my history?", ("low", "medium")),
    ("account", "Delete my data", "I no longer work for {company}. Please erase my account and everything stored about me, and confirm in writing when it is done.", ("medium",)),
    ("account", "Password reset mail never arrives", "I asked for the reset mail {small} times since {time}. It's not in spam either. {company} has no mail filter.", ("medium", "high")),
    ("account", "Transfer ownership of our workspace", "{name} is leaving {company} and still owns our workspace. Please make me the owner; I attach the signed form.", ("medium",)),
    ("account", "Someone else is using my account", "I see a sign-in from {city} at {time} that wasn't me. I changed the password; please end all other sessions.", ("urgent", "high")),
    ("feature_request", "Dark mode for the mobile app", "I read your app in bed on my {device}. A dark theme, or at least one that follows the phone's setting, would be wonderful.", ("low",)),
    ("feature_request", "Export reports as CSV", "We copy about {n} tables by hand into a spreadsheet every month. A CSV button would save us hours.", ("low", "medium")),
    ("feature_request", "Calendar integration", "Could bookings show up in my calendar on their own? I missed {small} appointments because I forgot to copy them.", ("low", "medium")),
    ("feature_request", "Several delivery addresses per account", "We order for {small} offices, {city} among them, and have to retype the address each time. Please let us save more than one.", ("low", "medium")),
    ("feature_request", "Keyboard shortcuts in the editor", "I write {n} articles a week and reach for the mouse far too often. Shortcuts for headings and links would help a lot.", ("low",)),
    ("feature_request", "Read-only role for auditors", "Our auditor {name} needs to look at the ledger without being able to change it. Right now every role can edit.", ("medium",)),
    ("bug", "Totals are off by one cent", "Adding {n} items at $0.{pct} shows a total that is one cent too high. The PDF has the right sum.", ("medium",)),
    ("bug", "Search ignores accents", "Searching our {big} customers for Muñoz finds nobody, yet the list shows the entry when I scroll down.", ("low", "medium")),
    ("bug", "App crashes when opening {file}", "On my {device} with version {version} the app closes as soon as I open {file}. It worked before the last update.", ("high", "medium")),
    ("bug", "Times shown in the wrong time zone", "I live in {city}, but all appointments show in UTC. The setting in my profile is right and has no effect.", ("medium",)),
    ("bug", "Deleted photos come back", "I deleted {n} photos on {weekday} and after the next sync all of them were back, on every device.", ("medium", "high")),
    ("bug", "Save button stays gray", "After filling in every field of the form the save button stays gray in {browser}. Tabbing out of the last field wakes it up.", ("low", "medium")),
    ("bug", "Notifications arrive {hours} hours late", "Reminders for {time} reach my {device} {hours} hours later. Battery saving is off for your app.", ("medium", "high")),
)  # fmt: skip
"""Category, subject, description and the priorities that an agent would give it."""

TICKET_IDS = ("TCK-#####", "HD-######", "CASE-####-##", "SUP-####", "#######", "REQ-??-####")
"""Spellings of ticket numbers; ``#`` is a digit, ``?`` a letter."""
