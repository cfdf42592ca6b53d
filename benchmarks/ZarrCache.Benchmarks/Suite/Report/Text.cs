using System.Globalization;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>Figures as people read them: three digits and a unit.</summary>
internal static class Text
{
    public static string Rate(double rate) => rate switch
    {
        >= 1e6 => $"{Digits(rate / 1e6)}M/s",
        >= 1e4 => $"{Digits(rate / 1e3)}k/s",
        _ => string.Create(CultureInfo.InvariantCulture, $"{rate:N0}/s"),
    };

    public static string Ratio(double? ratio) => ratio is { } one ? string.Create(CultureInfo.InvariantCulture, $" ({one:0.00}×)") : "";

    public static string Duration(double nanoseconds) => nanoseconds switch
    {
        >= 1e9 => $"{Digits(nanoseconds / 1e9)} s",
        >= 1e6 => $"{Digits(nanoseconds / 1e6)} ms",
        >= 1e3 => $"{Digits(nanoseconds / 1e3)} µs",
        _ => $"{Digits(nanoseconds)} ns",
    };

    public static string Bytes(long bytes) => bytes switch
    {
        >= 1 << 30 => $"{Digits(bytes / (double)(1 << 30))} GiB",
        >= 1 << 20 => $"{Digits(bytes / (double)(1 << 20))} MiB",
        >= 1 << 10 => $"{Digits(bytes / (double)(1 << 10))} KiB",
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };

    public static string Count(long count) => count switch
    {
        >= 1_000_000 => $"{Digits(count / 1e6)}M",
        >= 1_000 => $"{Digits(count / 1e3)}k",
        _ => count.ToString(CultureInfo.InvariantCulture),
    };

    private static string Digits(double number) =>
        number.ToString(number >= 100 ? "0" : number >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture);
}
