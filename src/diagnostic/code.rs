//! The closed list of diagnostic codes. A code never changes its meaning.

macro_rules! codes {
    ($($name:ident = $code:literal: $description:literal,)*) => {
        /// What kind of mistake a diagnostic is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $description] $name,)*
        }

        impl Code {
            /// All codes, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable form that is printed and written to JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// One sentence on what the code means.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }
        }
    };
}

codes! {
    // The text of a YAML file.
    Encoding = "encoding": "The file is not UTF-8, or holds a byte order mark inside.",
    ForbiddenCharacter = "forbidden-character": "A file or a rendered text holds a control character, a bare carriage return, a hidden line separator, a bidi control or a replacement character.",
    TooLarge = "too-large": "The file is larger than a campaign file may be.",
    Syntax = "syntax": "The file is not YAML.",
    EmptyFile = "empty-file": "The file holds nothing.",
    SecondDocument = "second-document": "The file holds more than one YAML document.",
    Anchor = "anchor": "Anchors and aliases are not part of the language.",
    Tag = "tag": "Tags and directives are not part of the language.",
    MergeKey = "merge-key": "Merge keys are not part of the language.",
    DuplicateKey = "duplicate-key": "A key occurs twice in one mapping.",
    KeyNotText = "key-not-text": "A key is not a plain word.",
    TooDeep = "too-deep": "The file is nested too deeply.",
    CutByComment = "cut-by-comment": "A text without quotes loses its tail to a comment.",
    CurlyQuotes = "curly-quotes": "Curly quotes stand around a text without quotes, as if they were YAML's.",
    Ambiguous = "ambiguous": "Two YAML parsers read the file differently.",
    // Its shape.
    UnknownKey = "unknown-key": "A key is not part of the language.",
    MissingKey = "missing-key": "A required key is missing.",
    Unquoted = "unquoted": "A number, date or boolean stands without quotes where text is expected.",
    WrongType = "wrong-type": "A value has the wrong type.",
    NotAllowed = "not-allowed": "A value is not one of those allowed.",
    OutOfBounds = "out-of-bounds": "A value is too long, too short, too large or too small.",
    BadPattern = "bad-pattern": "A value does not have the expected form.",
    Shape = "shape": "A part of the file does not have the expected shape.",
    // Its meaning.
    UnknownSender = "unknown-sender": "A message names a sender that nobody declares.",
    UnknownAudience = "unknown-audience": "A message names an audience that nobody declares.",
    UnknownSchedule = "unknown-schedule": "A message names a schedule that nobody declares.",
    DuplicateId = "duplicate-id": "Two campaigns, or two messages of one campaign, have the same id.",
    NoCampaigns = "no-campaigns": "The folder holds a project file and no campaign.",
    NotACampaign = "not-a-campaign": "A YAML file in the project's folder has no `campaign:`, and the project does not ignore it.",
    NotRead = "not-read": "A part of the project's folder is not looked through for campaigns.",
    StaleIgnore = "stale-ignore": "The project ignores what is not there.",
    BadZone = "bad-zone": "A time zone is not in the IANA database.",
    FixedZone = "fixed-zone": "A time zone has one offset all the year, where a place is likely meant whose clocks change.",
    BadTime = "bad-time": "A time cannot be read.",
    AmbiguousTime = "ambiguous-time": "A change of the clock skips or repeats a local time.",
    PastTime = "past-time": "A message's time is past, and nothing of it was sent.",
    TooFarAhead = "too-far-ahead": "A time is more than 180 days ahead.",
    BadWindow = "bad-window": "A delivery window is shorter than an hour, or half given.",
    WindowZone = "window-zone": "A delivery window is in UTC although the schedule is not.",
    WindowMissed = "window-missed": "Messages leave outside the delivery window, or wait past their validity.",
    ValidityClamped = "validity-clamped": "A validity over 48 hours is cut to 48 hours by the gateway.",
    BadUrl = "bad-url": "A URL cannot be used here.",
    HostNotAllowed = "host-not-allowed": "A webhook's host is not on the project's list.",
    BadPath = "bad-path": "A path leaves the project's folders, or names no regular file.",
    FileMissing = "file-missing": "A file that is named does not exist or cannot be read.",
    // Templates and expressions.
    TemplateSyntax = "template-syntax": "A template cannot be parsed.",
    TemplateForbidden = "template-forbidden": "A template uses what templates may not use.",
    UnknownColumn = "unknown-column": "A template, an expression or the columns name a column that the audience lacks.",
    UnknownFilter = "unknown-filter": "A filter, function or test does not exist.",
    BlankValue = "blank-value": "A value is blank, and the template has no fallback for it.",
    RenderFailed = "render-failed": "A template failed for a row.",
    TextEmpty = "text-empty": "A rendered text is empty.",
    TextTooLong = "text-too-long": "A rendered text is longer than the API allows.",
    TextTooManyBytes = "text-too-many-bytes": "A rendered text has more bytes than the channel allows.",
    ForeignPlaceholder = "foreign-placeholder": "A text holds a placeholder of another tool, which would be sent as it is written.",
    Markup = "markup": "A text holds HTML, Markdown or an escape, which would be sent as it is written.",
    NoTemplate = "no-template": "A template stands in a field that is sent as it is written.",
    BracesLeft = "braces-left": "A rendered text still holds template braces.",
    WhereFailed = "where-failed": "An expression failed for a row, or is not a condition.",
    // Audiences.
    WrongFormat = "wrong-format": "An audience's file is something else than its name says.",
    BadHeader = "bad-header": "An audience's header cannot be used.",
    UnreadableRow = "unreadable-row": "A row cannot be read.",
    BadRecipient = "bad-recipient": "A recipient's id cannot be used.",
    RoundedIds = "rounded-ids": "A spreadsheet has rounded the ids of an audience.",
    OddIds = "odd-ids": "A few ids of an audience have another length than all the others.",
    CutFile = "cut-file": "An audience's file ends in the middle of a row.",
    NobodyProtected = "nobody-protected": "A list that keeps people from getting messages cannot keep anybody.",
    NobodyMatches = "nobody-matches": "No row of an audience matches its `where`.",
    Leftover = "leftover": "A value is a program's word for nothing, or damaged text.",
    AudienceTooLarge = "audience-too-large": "An audience expands to more than is allowed.",
    // The ledger's view of the files.
    SenderChanged = "sender-changed": "A message's sender is not the one that the ledger has.",
    MessageGone = "message-gone": "The ledger has a campaign or message that the files lack.",
    RevisionLowered = "revision-lowered": "A message's revision is lower than the ledger's.",
    HandedOverEarly = "handed-over-early": "A message is handed over long before it leaves, and cannot be stopped then.",
    TurnTooLate = "turn-too-late": "At the message's speed people's conversation windows close before their turn.",
    SameText = "same-text": "People have, or get, the same text from another message.",
}
