namespace ZarrCache.Benchmarks.Faster;

/// <summary>Entries as the bytes of their records.</summary>
internal sealed class RawBatch(int count)
{
    private const int RecordBytes = 512;
    private const int KeyBytes = 256;

    private readonly byte[] _bytes = new byte[count * RecordBytes];
    private readonly (int Key, int Value)[] _sizes = new (int Key, int Value)[count];

    /// <summary>Formats as many entries as it has room for.</summary>
    public void Fill(ReadOnlySpan<IndexEntry> entries)
    {
        for (int i = 0; i < count; i++)
        {
            _sizes[i] = RawLog.Format(entries[i], _bytes.AsSpan(i * RecordBytes, KeyBytes), _bytes.AsSpan((i * RecordBytes) + KeyBytes, RecordBytes - KeyBytes));
        }
    }

    /// <summary>Reads, then upserts each.</summary>
    public void Push(RawLog raw)
    {
        for (int i = 0; i < count; i++)
        {
            Push(raw, i);
        }
    }

    /// <summary>Reads, then upserts one.</summary>
    public void Push(RawLog raw, int number) =>
        raw.ReadThenUpsert(_bytes.AsSpan(number * RecordBytes, _sizes[number].Key), _bytes.AsSpan((number * RecordBytes) + KeyBytes, _sizes[number].Value));
}
