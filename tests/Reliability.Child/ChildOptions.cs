using System.Globalization;

namespace ZarrCache.Reliability;

/// <summary>What a child process is to do, as it travels on its command line.</summary>
/// <param name="Root">The directory of the cache.</param>
/// <param name="Run">Numbers the run: its versions are its own.</param>
internal sealed record ChildOptions(string Root, int Run)
{
    /// <summary>How many steps each hand does before it is done.</summary>
    public int Steps { get; init; } = 100_000;

    /// <summary>Which index: see <see cref="Indexes"/>.</summary>
    public string Index { get; init; } = Indexes.Sqlite;

    /// <summary>Whether others have the cache open, who fetch versions of their own.</summary>
    public bool Shared { get; init; }

    /// <summary>
    /// Whether faults are to be made: deletes, writes and flushes may fail then, reads never. A line on standard input says that the
    /// faults have ended; the process then shows that it caches again, and ends.
    /// </summary>
    public bool Faulty { get; init; }

    public IEnumerable<string> ToArguments() => [Root, Text(Run), Text(Steps), Index, Shared.ToString(), Faulty.ToString()];

    public static ChildOptions Parse(string[] arguments) => new(arguments[0], Number(arguments[1]))
    {
        Steps = Number(arguments[2]),
        Index = arguments[3],
        Shared = bool.Parse(arguments[4]),
        Faulty = bool.Parse(arguments[5]),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
