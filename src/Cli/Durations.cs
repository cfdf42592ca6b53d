using System.Globalization;

namespace ZarrCache.Cli;

/// <summary>Durations for people: three digits and a unit.</summary>
internal static class Durations
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("min", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

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

    /// <summary>A number and a unit: <c>250ms</c>, <c>30s</c>, <c>10min</c>, <c>12h</c>, <c>1.5d</c>; <c>0</c> needs none.</summary>
    /// <exception cref="FormatException">The message names the text and the rule.</exception>
    public static TimeSpan Parse(string text)
    {
        string number = text.Trim();
        TimeSpan? unit = number == "0" ? TimeSpan.FromSeconds(1) : null;
        foreach ((string name, TimeSpan length) in Units)
        {
            if (number.EndsWith(name, StringComparison.Ordinal))
            {
                (number, unit) = (number[..^name.Length].TrimEnd(), length);
                break;
            }
        }

        return unit is { } of && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value * of.TotalDays <= 36_500
            ? of * value
            : throw new FormatException($"'{text}' is no duration; write a number and one of ms, s, min, h or d, such as 30s or 10min, at most a hundred years.");
    }
}
