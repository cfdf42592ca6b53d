using System.Globalization;

namespace ZarrCache;

/// <summary>Checks of the ranges of options; the messages name the option, its value and the rule.</summary>
internal static class OptionRange
{
    public static void Check(string name, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, string.Create(CultureInfo.InvariantCulture, $"{name} must be from {least} to {most}."));
        }
    }

    /// <summary>A day is the most that a timer of the retries takes.</summary>
    public static void Check(string name, TimeSpan value, TimeSpan least)
    {
        if (value < least || value > TimeSpan.FromDays(1))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {least} to one day.");
        }
    }

    /// <summary>A status that means absent has no other meaning.</summary>
    public static void CheckAbsent(string name, IEnumerable<int> statuses)
    {
        foreach (int status in statuses)
        {
            if (status is < 400 or > 499 or 408 or 412 or 416 or 429)
            {
                throw new ArgumentException(
                    $"{name} has {status}; a status that means absent must be 4xx, and not 408, 412, 416 or 429, which have a meaning of their own.", name);
            }
        }
    }
}
