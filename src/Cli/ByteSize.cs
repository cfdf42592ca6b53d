using System.Globalization;

namespace ZarrCache.Cli;

/// <summary>Sizes as people write them: <c>50GiB</c>, <c>500MB</c>, <c>1.5 TiB</c>, <c>4096</c>. KiB is 1024 bytes, KB 1000; case does not matter.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, decimal Bytes)[] Units =
    [
        ("PiB", 1L << 50), ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("PB", 1_000_000_000_000_000), ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000),
        ("B", 1),
    ];

    /// <exception cref="FormatException">The message names the text and the rule.</exception>
    public static long Parse(string text)
    {
        string number = text.Trim();
        decimal factor = 1;
        foreach ((string unit, decimal bytes) in Units)
        {
            if (number.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                number = number[..^unit.Length].TrimEnd();
                factor = bytes;
                break;
            }
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
        {
            throw new FormatException($"'{text}' is no size; write a number and a unit, such as 50GiB, 500MB or 4096.");
        }

        return value <= long.MaxValue / factor
            ? decimal.ToInt64(decimal.Floor(value * factor))
            : throw new FormatException($"'{text}' is larger than any storage: at most {Format(long.MaxValue)}.");
    }

    /// <summary>Three digits and a binary unit: <c>1.46 MiB</c>.</summary>
    public static string Format(long bytes)
    {
        foreach ((string unit, decimal size) in Units.AsSpan(0, 5))
        {
            if (Math.Abs(bytes) >= size)
            {
                decimal value = bytes / size;
                string digits = value switch { >= 100 => "0", >= 10 => "0.0", _ => "0.00" };
                return value.ToString(digits, CultureInfo.InvariantCulture) + " " + unit;
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
    }
}
