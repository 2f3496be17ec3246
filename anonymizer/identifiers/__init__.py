"""One file per kind of number or code: its form, its checksum, and the range that nobody has.

Pure arithmetic over whole columns, without keys and without state. A file is found by its presence here; what it
promises is `contracts.Identifier`. Besides, some files offer

    compact(values)    -> the number alone, without punctuation and prefix: what makes two spellings one number
    issued_rank(values) -> uint64 below CAPACITY, different for different issued numbers: where one exists, the
                           replacement of a column of different numbers by never-issued ones has no two alike
    parts of a number  -> dates, sex, bank: named where they occur
"""
