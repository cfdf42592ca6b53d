using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace ZarrCache.Index.Redis;

/// <summary>
/// An entry as one value: a head of fixed length, of which scripts compare and replace what changes (see
/// <see cref="EntryChanges"/>); then the sizes as text, <c>size,allocated;</c>, which Lua can add up exactly by HINCRBY whatever they
/// are; then what never changes. About 110 bytes with an ETag and one block.
/// </summary>
/// <remarks>
/// Head: pushed (8 bytes, the clock when the place was first pushed, highest byte first, which orders equal priorities) · kind ·
/// version · retention · referenced · priority · access clock · access count · last access · validated at. Kind, retention and
/// referenced are one digit each, numbers 8 bytes, lowest first, times UTC ticks.
/// </remarks>
internal static class EntryFormat
{
    /// <summary>The bytes of the head. <see cref="Lua.Entries"/> knows them by number.</summary>
    public const int HeadSize = 59;

    /// <summary>The bytes of <c>pushed</c>, which lead the members of the orders by priority too.</summary>
    public const int PushedSize = 8;

    private const int KindAt = 8;
    private const int VersionAt = 9;
    private const int RetentionAt = 17;
    private const int ReferencedAt = 18;
    private const int PriorityAt = 19;
    private const int ClockAt = 27;
    private const int CountAt = 35;
    private const int LastAccessAt = 43;
    private const int ValidatedAt = 51;
    private const byte HasETag = 1;
    private const byte HasLastModified = 2;
    private const byte HasObjectSize = 4;

    public static byte[] Write(IndexEntry entry, long pushed)
    {
        int tag = entry.ETag is null ? 0 : Encoding.UTF8.GetByteCount(entry.ETag);
        byte[] buffer = new byte[HeadSize + 42 + 1 + (3 * sizeof(long)) + 10 + 5 + tag + (entry.Checksums.Count * sizeof(ulong))];
        WriteHead(buffer, entry, pushed);
        Span<byte> rest = buffer.AsSpan(HeadSize);
        Utf8.TryWrite(rest, CultureInfo.InvariantCulture, $"{entry.Size},{entry.AllocatedSize};", out int text);
        rest = rest[text..];
        bool otherSize = entry.ObjectSize != entry.Size;
        rest[0] = (byte)((entry.ETag is null ? 0 : HasETag) | (entry.LastModified is null ? 0 : HasLastModified) | (otherSize ? HasObjectSize : 0));
        rest = Write(rest[1..], entry.StoredAt.UtcTicks);
        rest = entry.LastModified is { } modified ? Write(rest, modified.UtcTicks) : rest;
        rest = otherSize ? Write(rest, entry.ObjectSize) : rest;
        rest = WriteVariable(rest, (ulong)entry.LoadDuration.Ticks);
        if (entry.ETag is not null)
        {
            rest = WriteVariable(rest, (ulong)tag);
            rest = rest[Encoding.UTF8.GetBytes(entry.ETag, rest)..];
        }

        entry.Checksums.CopyTo(rest);
        return buffer[..(buffer.Length - rest.Length + (entry.Checksums.Count * sizeof(ulong)))];
    }

    /// <summary>The head of an entry with what may have changed of it.</summary>
    public static byte[] WriteHead(IndexEntry entry, long pushed)
    {
        byte[] head = new byte[HeadSize];
        WriteHead(head, entry, pushed);
        return head;
    }

    public static long ReadPushed(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt64BigEndian(value);

    /// <exception cref="CacheFormatException">It is none.</exception>
    public static IndexEntry Read(ReadOnlySpan<byte> value, string storeId, string key, long offset)
    {
        try
        {
            ReadOnlySpan<byte> rest = ReadNumber(value[HeadSize..], (byte)',', out long size);
            rest = ReadNumber(rest, (byte)';', out long allocated);
            byte flags = rest[0];
            rest = Read(rest[1..], out long storedAt);
            long modified = 0;
            long objectSize = size;
            rest = (flags & HasLastModified) != 0 ? Read(rest, out modified) : rest;
            rest = (flags & HasObjectSize) != 0 ? Read(rest, out objectSize) : rest;
            rest = ReadVariable(rest, out ulong duration);
            string? tag = null;
            if ((flags & HasETag) != 0)
            {
                rest = ReadVariable(rest, out ulong length);
                tag = Encoding.UTF8.GetString(rest[..(int)length]);
                rest = rest[(int)length..];
            }

            return new IndexEntry
            {
                StoreId = storeId,
                Key = key,
                Kind = (EntryKind)(value[KindAt] - '0'),
                Offset = offset == EntryKey.Whole ? 0 : offset,
                Size = size,
                AllocatedSize = allocated,
                ObjectSize = objectSize,
                Checksums = BlockChecksums.FromBytes(rest),
                ETag = tag,
                LastModified = (flags & HasLastModified) != 0 ? Time(modified) : null,
                StoredAt = Time(storedAt),
                ValidatedAt = Time(Number(value, ValidatedAt)),
                LastAccess = Time(Number(value, LastAccessAt)),
                AccessCount = Number(value, CountAt),
                AccessClock = Number(value, ClockAt),
                LoadDuration = TimeSpan.FromTicks((long)duration),
                Priority = BinaryPrimitives.ReadDoubleLittleEndian(value[PriorityAt..]),
                Referenced = value[ReferencedAt] == '1',
                Retention = (Retention)(value[RetentionAt] - '0'),
                Version = Number(value, VersionAt),
            };
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException)
        {
            throw new CacheFormatException($"The entry of '{key}' of store '{storeId}' is damaged in the index; delete it, or clear the store.", e);
        }
    }

    private static void WriteHead(Span<byte> head, IndexEntry entry, long pushed)
    {
        BinaryPrimitives.WriteInt64BigEndian(head, pushed);
        head[KindAt] = (byte)('0' + (int)entry.Kind);
        BinaryPrimitives.WriteInt64LittleEndian(head[VersionAt..], entry.Version);
        head[RetentionAt] = (byte)('0' + (int)entry.Retention);
        head[ReferencedAt] = (byte)(entry.Referenced ? '1' : '0');
        BinaryPrimitives.WriteDoubleLittleEndian(head[PriorityAt..], entry.Priority);
        BinaryPrimitives.WriteInt64LittleEndian(head[ClockAt..], entry.AccessClock);
        BinaryPrimitives.WriteInt64LittleEndian(head[CountAt..], entry.AccessCount);
        BinaryPrimitives.WriteInt64LittleEndian(head[LastAccessAt..], entry.LastAccess.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(head[ValidatedAt..], entry.ValidatedAt.UtcTicks);
    }

    private static Span<byte> Write(Span<byte> destination, long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination, number);
        return destination[sizeof(long)..];
    }

    private static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> source, out long number)
    {
        number = BinaryPrimitives.ReadInt64LittleEndian(source);
        return source[sizeof(long)..];
    }

    /// <summary>7 bits a byte, lowest first; the highest bit says that more follow.</summary>
    private static Span<byte> WriteVariable(Span<byte> destination, ulong number)
    {
        int i = 0;
        for (; number >= 0x80; number >>= 7)
        {
            destination[i++] = (byte)(number | 0x80);
        }

        destination[i++] = (byte)number;
        return destination[i..];
    }

    private static ReadOnlySpan<byte> ReadVariable(ReadOnlySpan<byte> source, out ulong number)
    {
        number = 0;
        for (int i = 0; ; i++)
        {
            number |= (ulong)(source[i] & 0x7F) << (7 * i);
            if (source[i] < 0x80)
            {
                return source[(i + 1)..];
            }
        }
    }

    private static ReadOnlySpan<byte> ReadNumber(ReadOnlySpan<byte> source, byte end, out long number)
    {
        int length = source.IndexOf(end);
        number = long.Parse(source[..length], NumberStyles.None, CultureInfo.InvariantCulture);
        return source[(length + 1)..];
    }

    private static long Number(ReadOnlySpan<byte> value, int at) => BinaryPrimitives.ReadInt64LittleEndian(value[at..]);

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
