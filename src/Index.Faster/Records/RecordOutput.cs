using FASTER.core;

namespace ZarrCache.Index.Faster;

/// <summary>Where a read copies the value of a record to, which stays where it is only as long as FASTER reads it. One thread at a time.</summary>
internal sealed class RecordOutput
{
    private byte[] _bytes = new byte[512];
    private int _length;

    /// <summary>The value that was read last.</summary>
    public ReadOnlySpan<byte> Value => _bytes.AsSpan(0, _length);

    /// <summary>Where the record lay. FASTER's own metadata of a read from disk tell where it began to look, which may be another key's.</summary>
    public long Address { get; set; }

    /// <summary>Forgets what was read before.</summary>
    public void Clear() => _length = 0;

    public void Set(ref SpanByte value)
    {
        ReadOnlySpan<byte> bytes = value.AsReadOnlySpan();
        if (_bytes.Length < bytes.Length)
        {
            _bytes = new byte[Math.Max(bytes.Length, _bytes.Length * 2)];
        }

        bytes.CopyTo(_bytes);
        _length = bytes.Length;
    }
}
