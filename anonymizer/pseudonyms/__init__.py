"""Same value, same key, same pseudonym: the cryptography and the vocabularies under every replacement.

    secret.py        the one secret and the keys derived from it (HKDF-SHA256)
    prf.py           a keyed function of whole columns (AES-CMAC)
    permutation.py   a keyed bijection of whole columns (FF1)
    written_form.py  what makes two spellings one value, and how a spelling is put back
    token.py         short random-looking words
    vocabulary.py    the lists of names and streets that pseudonyms are drawn from
    gazetteer.py     the lists of towns and postcodes, and which belong together

Everything here is a pure function of its arguments, and equal on every machine.
"""
