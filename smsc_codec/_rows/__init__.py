"""The compiler: from an object, a format and a sequence of keys to functions that read and write rows.

A *row* is one record as a format holds it. That is all a compiled function depends on. A row has one of three forms:

- `match`: texts that a regular expression has checked (fmt=0, fmt=2, and the small replies of every format);
- `cells`: a column of unchecked texts for each key (fmt=1);
- `members`: an object of msgspec with an attribute for each key (fmt=3).

A compiled function has no words and knows no places. Where something is wrong it raises one of `source.CAUGHT` if it
reads, one of `source.REFUSED` if it writes, and the careful reader or writer judges.

- `source`: source text becomes a function.
- `values`: what compiled functions call for the values of declared fields.
- `opened`: the same for the values under open keys.
- `read`: rows to records.
- `small`: the text of a small reply to the reply.
- `write`: records to text.
- `presence`: which fields a record has, and so which writer it needs.
"""
