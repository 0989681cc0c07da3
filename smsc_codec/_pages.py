"""What the service has, as its documentation lists it."""

PAGES = (
    *("send", "status", "balance", "info", "get", "phones", "jobs", "templates", "op_templates", "users"),
    *("documents", "tinyurls", "receive_phones", "wait_call", "get_mnp", "ping", "senders"),
)
"""The endpoints by the names of their files without the ending: `/sys/send.php` and `/rest/send/`."""
