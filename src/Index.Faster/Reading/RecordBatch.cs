using System.Buffers;

namespace ZarrCache.Index.Faster;

/// <summary>Copies of some records that a scan met, in one buffer that is used again. One thread at a time.</summary>
internal sealed class RecordBatch
{
    private readonly List<Entry> _entries = [];
    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);

    public int Count => _entries.Count;

    public long AddressOf(int i) => _entries[i].Address;

    public ReadOnlySpan<byte> KeyOf(int i) => _bytes.WrittenSpan.Slice(_entries[i].Start, _entries[i].KeySize);

    public ReadOnlySpan<byte> ValueOf(int i) => _bytes.WrittenSpan.Slice(_entries[i].Start + _entries[i].KeySize, _entries[i].ValueSize);

    public void Add(long address, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _entries.Add(new Entry(address, _bytes.WrittenCount, key.Length, value.Length));
        _bytes.Write(key);
        _bytes.Write(value);
    }

    public void Clear()
    {
        _entries.Clear();
        _bytes.ResetWrittenCount();
    }

    private readonly record struct Entry(long Address, int Start, int KeySize, int ValueSize);
}
