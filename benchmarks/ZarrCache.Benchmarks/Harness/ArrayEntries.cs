using System.Globalization;

namespace ZarrCache.Benchmarks.Harness;

/// <summary>Entries of a large array: 40 characters of key, one block of check sums, an ETag each.</summary>
internal static class ArrayEntries
{
    public const string Store = "era5";

    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly BlockChecksums Checksums = BlockChecksums.Compute(new byte[] { 1, 2, 3 });

    public static string Key(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"atmospheric/temperature/c/{number / 1_000_000:D4}/{number / 1000 % 1000:D4}/{number % 1000:D4}");

    public static EntryKey At(int number) => new(Store, Key(number));

    public static IndexEntry Make(int number) => new()
    {
        StoreId = Store,
        Key = Key(number),
        Size = 1 << 20,
        AllocatedSize = 1 << 20,
        ObjectSize = 1 << 20,
        Checksums = Checksums,
        ETag = "\"0123456789abcdef\"",
        StoredAt = Epoch.AddTicks(number),
        ValidatedAt = Epoch.AddTicks(number),
        LastAccess = Epoch.AddTicks(number),
        LoadDuration = TimeSpan.FromMilliseconds(20),
        Version = 1_000_000_007L * number,
    };

    /// <summary>A permutation of the numbers below <paramref name="count"/> that needs no memory.</summary>
    public static int Scattered(long number, int count) => (int)(number * 1_000_003L % count);
}
