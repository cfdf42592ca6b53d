using System.Globalization;

namespace ZarrCache.Reliability;

/// <summary>How often faults are made: a default for any machine, and as often as a variable of that name says where one is set.</summary>
internal static class Counts
{
    /// <summary>Kills at random instants, and as many at system calls; of each index.</summary>
    public static int Kills => Get("ZARRCACHE_RELIABILITY_KILLS", 20);

    /// <summary>Power cuts of each file system.</summary>
    public static int PowerCuts => Get("ZARRCACHE_RELIABILITY_POWER_CUTS", 5);

    /// <summary>Runs of generated work on a cache whose files are damaged.</summary>
    public static int Damages => Get("ZARRCACHE_RELIABILITY_DAMAGES", 500);

    /// <summary>Rounds of four processes on one cache, one of which is killed.</summary>
    public static int Rounds => Get("ZARRCACHE_RELIABILITY_ROUNDS", 3);

    private static int Get(string variable, int otherwise)
    {
        string? text = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(text) ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1 ? count
            : throw new InvalidOperationException($"{variable} is '{text}'; it must be a whole number of at least 1.");
    }
}
