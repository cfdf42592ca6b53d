using System.Globalization;

namespace ZarrCache.Cli;

/// <summary>Durations for people: three digits and a unit.</summary>
internal static class Durations
{
    public static string Format(TimeSpan duration)
    {
        (double value, string unit) = duration.TotalSeconds switch
        {
            >= 7200 => (duration.TotalHours, "h"),
            >= 120 => (duration.TotalMinutes, "min"),
            >= 1 => (duration.TotalSeconds, "s"),
            >= 0.001 => (duration.TotalMilliseconds, "ms"),
            _ => (duration.TotalMicroseconds, "µs"),
        };
        string digits = value switch { >= 100 => "0", >= 10 => "0.0", _ => "0.00" };
        return value.ToString(digits, CultureInfo.InvariantCulture) + " " + unit;
    }
}
