using System.Runtime.CompilerServices;
using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>The entries of the log, one at a time: what a caller's key stands for, found, pushed, marked and removed. Stateless; each holds the slot of its key.</summary>
internal sealed class EntryRecords(LogStore log, IndexState state)
{
    [SkipLocalsInit]
    public IndexEntry? Find(EntryKey key)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return null;
        }

        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
        using SlotScope scope = log.Enter(RecordKey.PrefixOf(place));
        return scope.Slot.Read(place) ? Read(place, scope.Slot.Found, key.StoreId, key.Key) : null;
    }

    [SkipLocalsInit]
    public IReadOnlyList<IndexEntry> FindParts(string storeId, string key, long offset, long end)
    {
        if (state.Stores.Find(storeId) is not { } store)
        {
            return [];
        }

        Span<byte> prefix = stackalloc byte[RecordKey.MaxSize];
        prefix = prefix[..RecordKey.WritePrefix(prefix, store, key)];
        using SlotScope scope = log.Enter(prefix);
        var found = new List<IndexEntry>();
        prefix.CopyTo(scope.Slot.Key);
        foreach (long start in PartDirectory.Reaching(scope.Slot, prefix.Length, offset, end))
        {
            ReadOnlySpan<byte> place = PartKey(scope.Slot, prefix.Length, start);
            if (scope.Slot.Read(place) && Read(place, scope.Slot.Found, storeId, key) is { } part && part.Offset + part.Size > offset)
            {
                found.Add(part);
            }
        }

        return found;
    }

    /// <summary>Pushes an entry, and gives the one that it replaced.</summary>
    [SkipLocalsInit]
    public IndexEntry? Push(IndexEntry entry)
    {
        EntryKey key = entry.EntryKey;
        int store = state.Stores.Get(key.StoreId);
        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
        using SlotScope scope = log.Enter(RecordKey.PrefixOf(place));
        LogSlot slot = scope.Slot;
        log.ThrowIfBroken();
        (long clock, double priority) = state.Rank(entry); // first: if the policy fails, nothing is lost
        Span<byte> buffer = slot.ValueBuffer(EntryLayout.MaxSizeOf(entry));
        ReadOnlySpan<byte> value = buffer[..EntryLayout.WritePushed(buffer, entry, clock, clock, priority)];
        bool known = slot.Push(place, value);
        IndexEntry? replaced = known ? Read(place, slot.Found, key.StoreId, key.Key) : null;
        slot.CountBytes(LogStore.SizeOf(place.Length, value.Length) - (known ? LogStore.SizeOf(place.Length, slot.Found.Length) : 0));
        slot.Count(store, replaced is null ? IndexTotals.Of(entry) : IndexTotals.Of(entry) - IndexTotals.Of(replaced));
        if (!known && key.Offset != EntryKey.Whole)
        {
            place.CopyTo(slot.Key);
            PartDirectory.Add(slot, RecordKey.PrefixOf(place).Length, key.Offset);
        }

        return replaced;
    }

    /// <summary>Gives an entry that another policy had ranked a new priority, and the last place in the log.</summary>
    [SkipLocalsInit]
    public void Rerank(IndexEntry entry)
    {
        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], state.Stores.Get(entry.StoreId), entry.EntryKey);
        using SlotScope scope = log.Enter(RecordKey.PrefixOf(place));
        log.ThrowIfBroken();
        (long clock, double priority) = state.Rank(entry);
        Span<byte> buffer = scope.Slot.ValueBuffer(EntryLayout.MaxSizeOf(entry));
        scope.Slot.Write(place, buffer[..EntryLayout.WritePushed(buffer, entry, clock, clock, priority)], RecordOperation.Append);
    }

    [SkipLocalsInit]
    public void Mark(EntryKey key, DateTimeOffset at)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return;
        }

        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
        using SlotScope scope = log.Enter(RecordKey.PrefixOf(place));
        log.ThrowIfBroken();
        long clock = state.Clock.Next();
        if (state.MarkOperation is { } operation)
        {
            scope.Slot.Change(place, new RecordInput(operation, clock, at.UtcTicks));
        }
        else if (scope.Slot.Read(place))
        {
            IndexEntry entry = Read(place, scope.Slot.Found, key.StoreId, key.Key);
            double priority = state.OnMark(entry with { LastAccess = at, AccessCount = entry.AccessCount + 1, AccessClock = clock }, clock);
            scope.Slot.Change(place, new RecordInput(RecordOperation.MarkToPriority, clock, at.UtcTicks, priority));
        }
    }

    [SkipLocalsInit]
    public void Touch(EntryKey key, DateTimeOffset validatedAt)
    {
        if (state.Stores.Find(key.StoreId) is { } store)
        {
            ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
            using SlotScope scope = log.Enter(RecordKey.PrefixOf(place));
            log.ThrowIfBroken();
            scope.Slot.Change(place, new RecordInput(RecordOperation.Touch, Ticks: validatedAt.UtcTicks));
        }
    }

    [SkipLocalsInit]
    public IndexEntry? Delete(EntryKey key, long? ifVersion)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return null;
        }

        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
        using SlotScope scope = log.Enter(RecordKey.PrefixOf(place));
        LogSlot slot = scope.Slot;
        if (!slot.Read(place) || (ifVersion ?? EntryLayout.VersionOf(slot.Found)) != EntryLayout.VersionOf(slot.Found))
        {
            return null;
        }

        IndexEntry entry = Read(place, slot.Found, key.StoreId, key.Key);
        Remove(slot, place, slot.Found);
        return entry;
    }

    /// <summary>Removes value or absence, and the parts, of a key.</summary>
    [SkipLocalsInit]
    public List<IndexEntry> DeleteKey(int store, string storeId, string key)
    {
        Span<byte> prefix = stackalloc byte[RecordKey.MaxSize];
        prefix = prefix[..RecordKey.WritePrefix(prefix, store, key)];
        using SlotScope scope = log.Enter(prefix);
        LogSlot slot = scope.Slot;
        prefix.CopyTo(slot.Key);
        var removed = new List<IndexEntry>();
        TakeOut(slot.Key.AsSpan(0, RecordKey.WriteSuffix(slot.Key, prefix.Length, RecordKey.Whole, 0)));
        List<long> parts = PartDirectory.Reaching(slot, prefix.Length, 0, long.MaxValue);
        foreach (long offset in parts)
        {
            TakeOut(PartKey(slot, prefix.Length, offset));
        }

        if (parts.Count > 0)
        {
            PartDirectory.Clear(slot, prefix.Length);
        }

        return removed;

        void TakeOut(ReadOnlySpan<byte> place)
        {
            if (slot.Read(place))
            {
                removed.Add(Read(place, slot.Found, storeId, key));
                Forget(slot, place, slot.Found);
            }
        }
    }

    /// <summary>Removes an entry whose record was just read, with its key's slot held.</summary>
    public static void Remove(LogSlot slot, ReadOnlySpan<byte> place, ReadOnlySpan<byte> value)
    {
        Forget(slot, place, value);
        if (RecordKey.OffsetOf(place) is not EntryKey.Whole and var offset)
        {
            place.CopyTo(slot.Key);
            PartDirectory.Remove(slot, RecordKey.PrefixOf(place).Length, offset);
        }
    }

    /// <summary>Puts an entry back that <see cref="Remove"/> has taken; its place in the log is the last.</summary>
    public void PutBack(ReadOnlySpan<byte> place, IndexEntry entry, long pushed)
    {
        using SlotScope scope = log.Enter(RecordKey.PrefixOf(place));
        LogSlot slot = scope.Slot;
        if (slot.Read(place))
        {
            return; // somebody has pushed it anew meanwhile
        }

        Span<byte> buffer = slot.ValueBuffer(EntryLayout.MaxSizeOf(entry));
        ReadOnlySpan<byte> value = buffer[..EntryLayout.Write(buffer, entry, pushed)];
        slot.Write(place, value, RecordOperation.Append);
        slot.CountBytes(LogStore.SizeOf(place.Length, value.Length));
        slot.Count(RecordKey.StoreOf(place), IndexTotals.Of(entry));
        if (RecordKey.OffsetOf(place) is not EntryKey.Whole and var offset)
        {
            place.CopyTo(slot.Key);
            PartDirectory.Add(slot, RecordKey.PrefixOf(place).Length, offset);
        }
    }

    /// <summary>The entry of a record.</summary>
    public IndexEntry Read(ReadOnlySpan<byte> place, ReadOnlySpan<byte> value) =>
        Read(place, value, state.Stores.Ids[RecordKey.StoreOf(place)], Encoding.UTF8.GetString(RecordKey.TextOf(place)));

    /// <summary>What becomes of the entry of a record. Nearly always without making its text: the names of metadata documents begin with a dot or a z.</summary>
    public Retention RetentionOf(ReadOnlySpan<byte> place) => !state.HasPins && NameOf(place)[0] is not ((byte)'.' or (byte)'z')
        ? Retention.Evictable
        : state.Pins.RetentionOf(state.Stores.Ids[RecordKey.StoreOf(place)], Encoding.UTF8.GetString(RecordKey.TextOf(place)));

    private static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> place)
    {
        ReadOnlySpan<byte> text = RecordKey.TextOf(place);
        return text[(text.LastIndexOf((byte)'/') + 1)..];
    }

    private IndexEntry Read(ReadOnlySpan<byte> place, ReadOnlySpan<byte> value, string storeId, string key) =>
        EntryLayout.Read(place, value, storeId, state.Pins.RetentionOf(storeId, key), key);

    private static void Forget(LogSlot slot, ReadOnlySpan<byte> place, ReadOnlySpan<byte> value)
    {
        slot.Count(RecordKey.StoreOf(place), default(IndexTotals) - EntryLayout.TotalsOf(value));
        slot.CountBytes(-LogStore.SizeOf(place.Length, value.Length));
        slot.Delete(place);
    }

    private static ReadOnlySpan<byte> Place(Span<byte> buffer, int store, EntryKey key)
    {
        int prefix = RecordKey.WritePrefix(buffer, store, key.Key);
        return buffer[..RecordKey.WriteSuffix(buffer, prefix, key.Offset == EntryKey.Whole ? RecordKey.Whole : RecordKey.Part, key.Offset)];
    }

    private static ReadOnlySpan<byte> PartKey(LogSlot slot, int prefix, long offset) =>
        slot.Key.AsSpan(0, RecordKey.WriteSuffix(slot.Key, prefix, RecordKey.Part, offset));
}
