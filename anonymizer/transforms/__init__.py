"""One file per replacement that a rule file may name; files with an underscore are what they share.

    _cells         blanks, repeated values, widths, uniqueness: what every kernel has around it
    _nested        arrays, element by element
    _scrambled     letters to letters, digits to digits, by keyed choice
    _permuted      the same, one to one
    _typed         a value of the column's own type
    _names         one name token -> one name token
    _full_name     whole names, token by token
    _local_part    logins and what stands before the @
    _places        towns, postcodes, provinces
    _streets       streets, house numbers, boxes
    _address_lines what stands around a street in an address
    _blobs         the smallest file of each kind

A transform never looks at the row: what agrees, agrees because the parts of a value map by value in the domains of
those parts, under keys derived from the domains' names.
"""
