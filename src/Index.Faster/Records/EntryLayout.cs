using System.Buffers.Binary;
using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The value of an entry's record, little-endian. What changes in place comes first:
/// <code>
///  0  1  layout, 1
///  1  1  kind
///  2  1  flags: 1 referenced, 2 has an object size of its own, 4 has Last-Modified, 8 has an ETag
///  3  1  0
///  4  8  priority, a double            12  8  access clock     20  8  access count
/// 28  8  last access, UTC ticks        36  8  validated at
/// 44  8  clock of the first push to this place: what has equal priorities goes in its order
/// 52  8  stored at                     60  8  load duration, ticks
/// 68  8  version                       76  8  size             84  8  allocated size
///     8  object size, if it has one of its own; else it is the size
///     8  Last-Modified, UTC ticks, if it has one
///     2  length of the ETag in UTF-8, then the ETag, if it has one
///     8  each check sum, to the end
/// </code>
/// Store, key and offset stand in the record's key; the retention follows from the key and the pins, and is not stored.
/// </summary>
internal static class EntryLayout
{
    public const byte Layout = 1;

    private const int KindAt = 1;
    private const int FlagsAt = 2;
    private const int PriorityAt = 4;
    private const int AccessClockAt = 12;
    private const int AccessCountAt = 20;
    private const int LastAccessAt = 28;
    private const int ValidatedAt = 36;
    private const int PushedAt = 44;
    private const int StoredAt = 52;
    private const int LoadDurationAt = 60;
    private const int VersionAt = 68;
    private const int SizeAt = 76;
    private const int AllocatedSizeAt = 84;
    private const int FixedSize = 92;

    private const byte Referenced = 1;
    private const byte HasObjectSize = 2;
    private const byte HasLastModified = 4;
    private const byte HasETag = 8;

    /// <summary>No more bytes than this are needed for an entry.</summary>
    public static int MaxSizeOf(IndexEntry entry) => FixedSize + 18 + (entry.ETag is null ? 0 : Encoding.UTF8.GetMaxByteCount(entry.ETag.Length)) + (entry.Checksums.Count * sizeof(ulong));

    /// <summary>Writes an entry, and gives the bytes that it takes.</summary>
    public static int Write(Span<byte> destination, IndexEntry entry, long pushed) =>
        Write(destination, entry, pushed, entry.AccessClock, entry.Priority, entry.Referenced);

    /// <summary>Writes an entry as it is pushed, with the clock and the priority that it is given.</summary>
    public static int WritePushed(Span<byte> destination, IndexEntry entry, long pushed, long clock, double priority) =>
        Write(destination, entry, pushed, clock, priority, referenced: false);

    private static int Write(Span<byte> destination, IndexEntry entry, long pushed, long clock, double priority, bool referenced)
    {
        byte flags = referenced ? Referenced : (byte)0;
        int end = FixedSize;
        if (entry.ObjectSize != entry.Size)
        {
            flags |= HasObjectSize;
            Append(destination, ref end, entry.ObjectSize);
        }

        if (entry.LastModified is { } modified)
        {
            flags |= HasLastModified;
            Append(destination, ref end, modified.UtcTicks);
        }

        if (entry.ETag is { } etag)
        {
            flags |= HasETag;
            int length = Encoding.UTF8.GetBytes(etag, destination[(end + 2)..]);
            BinaryPrimitives.WriteUInt16LittleEndian(destination[end..], checked((ushort)length));
            end += 2 + length;
        }

        entry.Checksums.CopyTo(destination[end..]);
        end += entry.Checksums.Count * sizeof(ulong);

        destination[0] = Layout;
        destination[KindAt] = (byte)entry.Kind;
        destination[FlagsAt] = flags;
        destination[3] = 0;
        BinaryPrimitives.WriteDoubleLittleEndian(destination[PriorityAt..], priority);
        Set(destination, AccessClockAt, clock);
        Set(destination, AccessCountAt, entry.AccessCount);
        Set(destination, LastAccessAt, entry.LastAccess.UtcTicks);
        Set(destination, ValidatedAt, entry.ValidatedAt.UtcTicks);
        Set(destination, PushedAt, pushed);
        Set(destination, StoredAt, entry.StoredAt.UtcTicks);
        Set(destination, LoadDurationAt, entry.LoadDuration.Ticks);
        Set(destination, VersionAt, entry.Version);
        Set(destination, SizeAt, entry.Size);
        Set(destination, AllocatedSizeAt, entry.AllocatedSize);
        return end;
    }

    /// <summary>Reads an entry.</summary>
    /// <exception cref="CacheFormatException">That is no entry of this layout.</exception>
    public static IndexEntry Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, string storeId, Retention retention, string? text = null)
    {
        Check(value);
        byte flags = value[FlagsAt];
        long size = Get(value, SizeAt);
        ReadOnlySpan<byte> rest = value[FixedSize..];
        long objectSize = (flags & HasObjectSize) != 0 ? Take(ref rest) : size;
        DateTimeOffset? lastModified = (flags & HasLastModified) != 0 ? Time(Take(ref rest)) : null;
        string? etag = null;
        if ((flags & HasETag) != 0)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            etag = Encoding.UTF8.GetString(rest.Slice(2, length));
            rest = rest[(2 + length)..];
        }

        var kind = (EntryKind)value[KindAt];
        return new IndexEntry
        {
            StoreId = storeId,
            Key = text ?? Encoding.UTF8.GetString(RecordKey.TextOf(key)),
            Kind = kind,
            Offset = kind == EntryKind.Part ? RecordKey.OffsetOf(key) : 0,
            Size = size,
            AllocatedSize = Get(value, AllocatedSizeAt),
            ObjectSize = objectSize,
            Checksums = BlockChecksums.FromBytes(rest),
            ETag = etag,
            LastModified = lastModified,
            StoredAt = Time(Get(value, StoredAt)),
            ValidatedAt = Time(Get(value, ValidatedAt)),
            LastAccess = Time(Get(value, LastAccessAt)),
            AccessCount = Get(value, AccessCountAt),
            LoadDuration = new TimeSpan(Get(value, LoadDurationAt)),
            Priority = PriorityOf(value),
            AccessClock = Get(value, AccessClockAt),
            Referenced = (flags & Referenced) != 0,
            Retention = retention,
            Version = VersionOf(value),
        };
    }

    public static EntryKind KindOf(ReadOnlySpan<byte> value) => (EntryKind)value[KindAt];

    public static double PriorityOf(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadDoubleLittleEndian(value[PriorityAt..]);

    public static long PushedOf(ReadOnlySpan<byte> value) => Get(value, PushedAt);

    public static long VersionOf(ReadOnlySpan<byte> value) => Get(value, VersionAt);

    public static IndexTotals TotalsOf(ReadOnlySpan<byte> value)
    {
        Check(value);
        return new(1, Get(value, SizeAt), Get(value, AllocatedSizeAt), KindOf(value) == EntryKind.Absent ? 1 : 0);
    }

    /// <summary>What is pushed to a place that has an entry keeps its place in the order of pushes.</summary>
    public static void TakeOverPushed(Span<byte> value, ReadOnlySpan<byte> replaced) => Set(value, PushedAt, PushedOf(replaced));

    /// <summary>Changes what <see cref="RecordInput"/> says, in place.</summary>
    public static void Apply(Span<byte> value, in RecordInput input)
    {
        switch (input.Operation)
        {
            case RecordOperation.MarkToClock: // the policy ranks by the clock of the last access
                Mark(value, input);
                BinaryPrimitives.WriteDoubleLittleEndian(value[PriorityAt..], input.Clock);
                value[FlagsAt] &= unchecked((byte)~Referenced);
                break;
            case RecordOperation.MarkInPlace: // the policy ranks when the entry's turn comes
                Mark(value, input);
                value[FlagsAt] |= Referenced;
                break;
            case RecordOperation.MarkToPriority: // the policy was asked
                Mark(value, input);
                SetPriority(value, input.Priority, referenced: PriorityOf(value).Equals(input.Priority));
                break;
            case RecordOperation.Rank:
                SetPriority(value, input.Priority, referenced: false);
                break;
            case RecordOperation.Touch:
                Set(value, ValidatedAt, input.Ticks);
                break;
        }
    }

    private static void Mark(Span<byte> value, in RecordInput input)
    {
        Set(value, AccessClockAt, input.Clock);
        Set(value, AccessCountAt, Get(value, AccessCountAt) + 1);
        Set(value, LastAccessAt, input.Ticks);
    }

    private static void SetPriority(Span<byte> value, double priority, bool referenced)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(value[PriorityAt..], priority);
        value[FlagsAt] = (byte)(referenced ? value[FlagsAt] | Referenced : value[FlagsAt] & ~Referenced);
    }

    private static void Check(ReadOnlySpan<byte> value)
    {
        if (value.Length < FixedSize || value[0] != Layout || value[KindAt] > (byte)EntryKind.Absent)
        {
            throw new CacheFormatException($"A record of {value.Length} bytes in the log is no entry.");
        }
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    private static long Get(ReadOnlySpan<byte> value, int at) => BinaryPrimitives.ReadInt64LittleEndian(value[at..]);

    private static void Set(Span<byte> value, int at, long number) => BinaryPrimitives.WriteInt64LittleEndian(value[at..], number);

    private static void Append(Span<byte> destination, ref int end, long number)
    {
        Set(destination, end, number);
        end += sizeof(long);
    }

    private static long Take(ref ReadOnlySpan<byte> rest)
    {
        long number = Get(rest, 0);
        rest = rest[sizeof(long)..];
        return number;
    }
}
