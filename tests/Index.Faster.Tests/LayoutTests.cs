using Xunit;

namespace ZarrCache.Index.Faster.Tests;

/// <summary>The bytes of records, which files outlive.</summary>
public sealed class LayoutTests
{
    private static readonly IndexEntry Entry = new()
    {
        StoreId = "s",
        Key = "é/1",
        Kind = EntryKind.Part,
        Offset = 0x0102,
        Size = 3,
        AllocatedSize = 4,
        ObjectSize = 5,
        Checksums = BlockChecksums.FromBytes([1, 2, 3, 4, 5, 6, 7, 8]),
        ETag = "e",
        LastModified = new DateTimeOffset(6, TimeSpan.Zero),
        StoredAt = new DateTimeOffset(7, TimeSpan.Zero),
        ValidatedAt = new DateTimeOffset(8, TimeSpan.Zero),
        LastAccess = new DateTimeOffset(9, TimeSpan.Zero),
        AccessCount = 10,
        LoadDuration = new TimeSpan(11),
        Priority = 1,
        AccessClock = 12,
        Referenced = true,
        Version = 13,
    };

    [Fact]
    public void A_key_is_laid_out_as_it_is_described()
    {
        byte[] key = new byte[RecordKey.MaxSize];
        int prefix = RecordKey.WritePrefix(key, 7, Entry.Key);
        Assert.Equal("07000000" + "C3A92F31" + "0000000000000102" + "01", Hex(key, RecordKey.WriteSuffix(key, prefix, RecordKey.Part, Entry.Offset)));
        Assert.Equal("07000000" + "C3A92F31" + "00", Hex(key, RecordKey.WriteSuffix(key, prefix, RecordKey.Whole, 0)));
        Assert.Equal("07000000" + "C3A92F31" + "02", Hex(key, RecordKey.WriteSuffix(key, prefix, RecordKey.Directory, 0)));
    }

    [Fact]
    public void An_entry_is_laid_out_as_it_is_described_and_read_again()
    {
        byte[] value = new byte[EntryLayout.MaxSizeOf(Entry)];
        int size = EntryLayout.Write(value, Entry, pushed: 14);
        Assert.Equal(
            "01010F00" + "000000000000F03F" + Number(12) + Number(10) + Number(9) + Number(8) + Number(14) + Number(7) + Number(11) + Number(13) + Number(3) + Number(4)
            + Number(5) + Number(6) + "010065" + "0102030405060708",
            Hex(value, size));
        byte[] key = new byte[RecordKey.MaxSize];
        int keySize = RecordKey.WriteSuffix(key, RecordKey.WritePrefix(key, 0, Entry.Key), RecordKey.Part, Entry.Offset);
        Assert.Equal(Entry, EntryLayout.Read(key.AsSpan(0, keySize), value.AsSpan(0, size), "s", default));
    }

    private static string Number(byte number) => number.ToString("X2", System.Globalization.CultureInfo.InvariantCulture) + "00000000000000";

    private static string Hex(byte[] bytes, int size) => Convert.ToHexString(bytes.AsSpan(0, size));
}
