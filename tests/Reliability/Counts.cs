using System.Globalization;

namespace ZarrCache.Reliability;

/// <summary>How often faults are made: 40 kills by default, another number where the variable of that name says so.</summary>
internal static class Counts
{
    public static int Kills => Get("ZARRCACHE_RELIABILITY_KILLS", 40);

    private static int Get(string variable, int otherwise)
    {
        string? text = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(text) ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1 ? count
            : throw new InvalidOperationException($"{variable} is '{text}'; it must be a whole number of at least 1.");
    }
}
