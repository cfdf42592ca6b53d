using System.Globalization;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>Entries as a cache of a large array has them: about 16 characters of key, one block of check sums, an ETag each.</summary>
internal static class Entries
{
    public const string Store = ArrayEntries.Store;

    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The numbers below <paramref name="count"/>, shuffled, the same at every run.</summary>
    public static int[] Shuffled(int count)
    {
        int[] numbers = [.. Enumerable.Range(0, count)];
        new Random(7).Shuffle(numbers);
        return numbers;
    }

    public static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"u/c/{number / 1000}/{number % 1000}");

    public static IndexEntry Make(int number) => ArrayEntries.Make(number) with { Key = Key(number), LastAccess = Epoch.AddTicks(number * 7919L % 1_000_003) };

    public static IndexEntry[] MakeShuffled(int count) => [.. Shuffled(count).Select(Make)];
}
