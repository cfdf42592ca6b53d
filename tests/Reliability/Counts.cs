using System.Globalization;

namespace ZarrCache.Reliability;

/// <summary>
/// How often faults are made: some for any machine; more with <c>ZARRCACHE_RELIABILITY=ci</c>, as each change is tested; and many with
/// <c>ZARRCACHE_RELIABILITY=soak</c>, an hour or two of them. Each has a variable of its own besides, which goes before.
/// </summary>
internal static class Counts
{
    private const string All = "ZARRCACHE_RELIABILITY";

    /// <summary>Kills at random instants, and as many at system calls; of each index.</summary>
    public static int Kills => Get("KILLS", 20, 50, 375);

    /// <summary>Power cuts of each file system under each index.</summary>
    public static int PowerCuts => Get("POWER_CUTS", 5, 10, 75);

    /// <summary>Runs of generated work in which one call fails, or some.</summary>
    public static int Faults => Get("FAULTS", 400, 2000, 20_000);

    /// <summary>Runs of generated work on a cache whose files are damaged.</summary>
    public static int Damages => Get("DAMAGES", 500, 5000, 50_000);

    /// <summary>Operations that several tasks do at once, and as many runs of a few operations at once.</summary>
    public static int AtOnce => Get("AT_ONCE", 2000, 10_000, 200_000);

    /// <summary>Generated keys and ids.</summary>
    public static int Names => Get("NAMES", 100_000, 1_000_000, 10_000_000);

    /// <summary>Rounds of four processes on one cache, one of which is killed; and processes whose clocks jump, of each index.</summary>
    public static int Rounds => Get("ROUNDS", 3, 10, 100);

    private static int Get(string name, int usual, int ci, int soak)
    {
        int count = Environment.GetEnvironmentVariable(All) switch
        {
            null or "" => usual,
            "ci" => ci,
            "soak" => soak,
            string other => throw new InvalidOperationException($"{All} is '{other}'; it must be 'ci' or 'soak', or not be set."),
        };
        string variable = $"{All}_{name}";
        string? text = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(text) ? count
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int own) && own >= 1 ? own
            : throw new InvalidOperationException($"{variable} is '{text}'; it must be a whole number of at least 1.");
    }
}
