"""Everything that can go wrong, and the exit code that says so. No message ever holds a cell's value or a key.

    AnonymizerError
    |__ FindingsError        exit 1   undecided columns, drift: a person has to decide
    |__ SettingError         exit 2   an option, path or key file is unusable
    |__ RuleError            exit 3   a rule file or pack is invalid; names file and line
    |__ SourceError          exit 4   the source cannot be read or understood; names table, line or byte
    |__ TargetError          exit 4   the target cannot be written
    |__ VerificationFailed   exit 5   the result was withheld
    |__ InternalError        exit 6   a plug-in failed to load, or a promise of our own code was broken

Every message is one sentence that says what is wrong, where, and what to do next.
"""

from __future__ import annotations


class AnonymizerError(Exception):
    """Root of the tree; `exit_code` is what the command line exits with."""

    exit_code = 6


class FindingsError(AnonymizerError):
    """A person has to decide something first."""

    exit_code = 1


class SettingError(AnonymizerError):
    """An option, a path or a key cannot be used as given."""

    exit_code = 2


class RuleError(AnonymizerError):
    """A rule file or a rule pack says something impossible. May hold several lines, one per mistake."""

    exit_code = 3


class SourceError(AnonymizerError):
    """The source cannot be read, or holds something that cannot be understood."""

    exit_code = 4


class TargetError(AnonymizerError):
    """The target cannot be written."""

    exit_code = 4


class VerificationFailed(AnonymizerError):
    """A check on the written result failed; the result was withheld."""

    exit_code = 5


class InternalError(AnonymizerError):
    """A plug-in failed to load or our own code broke a promise; nothing that it wrote may be used."""

    exit_code = 6
