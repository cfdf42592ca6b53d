using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ZarrCache.Index.Faster;

/// <summary>
/// Which parts of a key there are: a head record of the key with the offsets at which they begin, in order; of more than
/// <see cref="LeafSize"/> parts it holds the first offsets of leaves with so many each. A push or a removal changes one or two
/// records of at most 2 KiB, a look-up reads as many. With the key's lock held.
/// </summary>
/// <remarks>
/// Values are: 1 byte layout, 1; 1 byte, 0 if the offsets are those of parts and 1 if they are those of leaves; then 8 bytes
/// each, little-endian. A record grows by steps of eight offsets, filled up with the largest number, so that it mostly changes in place.
/// </remarks>
internal static class PartDirectory
{
    public const int LeafSize = 256;

    private const int HeadSize = 2;
    private const byte Layout = 1;
    private const long None = long.MaxValue;
    private const int Step = 8;

    /// <summary>The offsets of the parts that may share a byte with [offset, end): parts are disjoint, so only the last that begins at or before the offset can reach into it.</summary>
    public static List<long> Reaching(LogSession session, int prefix, long offset, long end)
    {
        var reaching = new List<long>();
        List<long> head = Load(session, prefix, RecordKey.Directory, 0, out bool isInner);
        if (!isInner)
        {
            AddReaching(reaching, head, offset, end);
            return reaching;
        }

        for (int i = PlaceOf(head, offset); i < head.Count && (head[i] < end || i == 0); i++)
        {
            AddReaching(reaching, Load(session, prefix, RecordKey.Leaf, head[i], out _), offset, end);
        }

        // the last before the offset lies in the first leaf alone: each leaf after it begins behind the offset
        return reaching;
    }

    /// <summary>Where the first part begins; null if there is none.</summary>
    public static long? First(LogSession session, int prefix)
    {
        List<long> starts = Load(session, prefix, RecordKey.Directory, 0, out bool isInner);
        starts = isInner ? Load(session, prefix, RecordKey.Leaf, starts[0], out _) : starts;
        return starts.Count > 0 ? starts[0] : null;
    }

    public static void Add(LogSession session, int prefix, long offset)
    {
        List<long> head = Load(session, prefix, RecordKey.Directory, 0, out bool isInner);
        if (!isInner)
        {
            Insert(head, offset);
            if (head.Count <= LeafSize)
            {
                Save(session, prefix, RecordKey.Directory, 0, head, isInner: false);
                return;
            }

            Split(session, prefix, [], head);
            return;
        }

        long leafKey = head[PlaceOf(head, offset)];
        List<long> leaf = Load(session, prefix, RecordKey.Leaf, leafKey, out _);
        Insert(leaf, offset);
        if (leaf.Count <= LeafSize && leaf[0] == leafKey)
        {
            Save(session, prefix, RecordKey.Leaf, leafKey, leaf, isInner: false);
            return;
        }

        Erase(session, prefix, RecordKey.Leaf, leafKey);
        head.Remove(leafKey);
        Split(session, prefix, head, leaf);
    }

    public static void Remove(LogSession session, int prefix, long offset)
    {
        List<long> head = Load(session, prefix, RecordKey.Directory, 0, out bool isInner);
        if (!isInner)
        {
            head.Remove(offset);
            SaveOrErase(session, prefix, RecordKey.Directory, 0, head, isInner: false);
            return;
        }

        long leafKey = head[PlaceOf(head, offset)];
        List<long> leaf = Load(session, prefix, RecordKey.Leaf, leafKey, out _);
        leaf.Remove(offset);
        if (leaf.Count > 0)
        {
            Save(session, prefix, RecordKey.Leaf, leafKey, leaf, isInner: false); // under the key that it had, though that may be gone
            return;
        }

        Erase(session, prefix, RecordKey.Leaf, leafKey);
        head.Remove(leafKey);
        SaveOrErase(session, prefix, RecordKey.Directory, 0, head, isInner: true);
    }

    /// <summary>Forgets all parts of a key.</summary>
    public static void Clear(LogSession session, int prefix)
    {
        List<long> head = Load(session, prefix, RecordKey.Directory, 0, out bool isInner);
        foreach (long leaf in isInner ? head : [])
        {
            Erase(session, prefix, RecordKey.Leaf, leaf);
        }

        Erase(session, prefix, RecordKey.Directory, 0);
    }

    private static void AddReaching(List<long> reaching, List<long> offsets, long offset, long end)
    {
        for (int i = PlaceOf(offsets, offset); i < offsets.Count && offsets[i] < end; i++)
        {
            reaching.Add(offsets[i]);
        }
    }

    /// <summary>The last that is at or before an offset; the first if there is none.</summary>
    private static int PlaceOf(List<long> offsets, long offset)
    {
        int place = offsets.BinarySearch(offset);
        return place >= 0 ? place : Math.Max(0, ~place - 1);
    }

    private static void Insert(List<long> offsets, long offset)
    {
        int place = offsets.BinarySearch(offset);
        if (place < 0)
        {
            offsets.Insert(~place, offset);
        }
    }

    /// <summary>Saves a leaf that was changed, as one or two, and the head that names them.</summary>
    private static void Split(LogSession session, int prefix, List<long> head, List<long> leaf)
    {
        // parts mostly come in order: a full left half, and room on the right
        int left = leaf.Count <= LeafSize ? leaf.Count : leaf.Count - (LeafSize / 4);
        for (int start = 0; start < leaf.Count; start += left)
        {
            List<long> piece = leaf.GetRange(start, Math.Min(left, leaf.Count - start));
            Save(session, prefix, RecordKey.Leaf, piece[0], piece, isInner: false);
            Insert(head, piece[0]);
        }

        Save(session, prefix, RecordKey.Directory, 0, head, isInner: true);
    }

    private static List<long> Load(LogSession session, int prefix, byte what, long leaf, out bool isInner)
    {
        var offsets = new List<long>();
        isInner = false;
        if (session.Read(session.Key.AsSpan(0, RecordKey.WriteSuffix(session.Key, prefix, what, leaf))))
        {
            ReadOnlySpan<byte> value = session.Found;
            isInner = value[1] != 0;
            foreach (long offset in MemoryMarshal.Cast<byte, long>(value[HeadSize..]))
            {
                if (offset == None)
                {
                    break;
                }

                offsets.Add(offset);
            }
        }

        return offsets;
    }

    private static void SaveOrErase(LogSession session, int prefix, byte what, long leaf, List<long> offsets, bool isInner)
    {
        if (offsets.Count > 0)
        {
            Save(session, prefix, what, leaf, offsets, isInner);
        }
        else
        {
            Erase(session, prefix, what, leaf);
        }
    }

    private static void Save(LogSession session, int prefix, byte what, long leaf, List<long> offsets, bool isInner)
    {
        ReadOnlySpan<byte> key = session.Key.AsSpan(0, RecordKey.WriteSuffix(session.Key, prefix, what, leaf));
        int before = session.Read(key) ? LogStore.SizeOf(key.Length, session.Found.Length) : 0;
        int room = (offsets.Count + Step - 1) / Step * Step;
        Span<byte> value = session.ValueBuffer(HeadSize + (room * sizeof(long)))[..(HeadSize + (room * sizeof(long)))];
        value[0] = Layout;
        value[1] = isInner ? (byte)1 : (byte)0;
        for (int i = 0; i < room; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(value[(HeadSize + (i * sizeof(long)))..], i < offsets.Count ? offsets[i] : None);
        }

        session.Write(key, value, RecordOperation.Write);
        session.CountBytes(LogStore.SizeOf(key.Length, value.Length) - before);
    }

    private static void Erase(LogSession session, int prefix, byte what, long leaf)
    {
        ReadOnlySpan<byte> key = session.Key.AsSpan(0, RecordKey.WriteSuffix(session.Key, prefix, what, leaf));
        if (session.Read(key))
        {
            session.CountBytes(-LogStore.SizeOf(key.Length, session.Found.Length));
            session.Delete(key);
        }
    }
}
