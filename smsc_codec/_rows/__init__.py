"""Compiles functions that read and write rows, for an object, a format and a sequence of keys.

A *row* is one record as a format holds it. That is all a compiled function depends on. A row has one of three forms:

- `match`: texts that a regular expression has checked (fmt=0, fmt=2, and the small replies of every format);
- `cells`: a column of unchecked texts for each key (fmt=1);
- `members`: an object of msgspec with an attribute for each key (fmt=3).

A compiled function cannot explain what is wrong, nor where. If something is, a function that reads raises one of
`source.CAUGHT`, and a function that writes one of `source.REFUSED`. Then the careful reader or writer judges.

- `source` makes functions of source text.
- `values` has what compiled functions call for the values of declared fields.
- `opened` has the same for the values under open keys.
- `read` makes records of rows.
- `small` makes small replies of their texts.
- `write` makes text of records.
- `presence` says which fields a record has, and so which writer it needs.
"""
