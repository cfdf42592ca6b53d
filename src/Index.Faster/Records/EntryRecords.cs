using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>The entries of the log, one at a time: what a caller's key stands for, found, pushed, marked and removed. Stateless; thread-safe by the locks that it takes.</summary>
internal sealed class EntryRecords(LogStore log, IndexState state)
{
    public IndexEntry? Find(EntryKey key)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return null;
        }

        using SlotScope scope = log.Enter();
        LogSlot slot = scope.Slot;
        ReadOnlySpan<byte> place = WriteKey(slot, store, key, out int prefix);
        using (log.Keys.Enter(place[..prefix]))
        {
            return slot.Read(place) ? Read(place, slot.Found, key.StoreId, key.Key) : null;
        }
    }

    public IReadOnlyList<IndexEntry> FindParts(string storeId, string key, long offset, long end)
    {
        if (state.Stores.Find(storeId) is not { } store)
        {
            return [];
        }

        using SlotScope scope = log.Enter();
        LogSlot slot = scope.Slot;
        int prefix = RecordKey.WritePrefix(slot.Key, store, key);
        using (log.Keys.Enter(slot.Key.AsSpan(0, prefix)))
        {
            var found = new List<IndexEntry>();
            foreach (long start in PartDirectory.Reaching(slot, prefix, offset, end))
            {
                ReadOnlySpan<byte> place = PartKey(slot, prefix, start);
                if (slot.Read(place) && Read(place, slot.Found, storeId, key) is { } part && part.Offset + part.Size > offset)
                {
                    found.Add(part);
                }
            }

            return found;
        }
    }

    /// <summary>Pushes an entry, and gives the one that it replaced.</summary>
    public IndexEntry? Push(IndexEntry entry)
    {
        EntryKey key = entry.EntryKey;
        int store = state.Stores.Get(key.StoreId);
        using SlotScope scope = log.Enter();
        LogSlot slot = scope.Slot;
        log.ThrowIfBroken();
        ReadOnlySpan<byte> place = WriteKey(slot, store, key, out int prefix);
        using (log.Keys.Enter(place[..prefix]))
        {
            IndexEntry ranked = state.Rank(entry); // first: if the policy fails, nothing is lost
            bool known = slot.Read(place);
            IndexEntry? replaced = known ? Read(place, slot.Found, key.StoreId, key.Key) : null;
            long pushed = known ? EntryLayout.PushedOf(slot.Found) : ranked.AccessClock;
            int before = known ? LogStore.SizeOf(place.Length, slot.Found.Length) : 0;

            Span<byte> buffer = slot.ValueBuffer(EntryLayout.MaxSizeOf(ranked));
            ReadOnlySpan<byte> value = buffer[..EntryLayout.Write(buffer, ranked, pushed)];
            slot.Write(place, value, RecordOperation.Append);
            slot.CountBytes(LogStore.SizeOf(place.Length, value.Length) - before);
            slot.Count(store, replaced is null ? IndexTotals.Of(ranked) : IndexTotals.Of(ranked) - IndexTotals.Of(replaced));
            if (!known && key.Offset != EntryKey.Whole)
            {
                PartDirectory.Add(slot, prefix, key.Offset);
            }

            return replaced;
        }
    }

    /// <summary>Gives an entry that another policy had ranked a new priority, and the last place in the log.</summary>
    public void Rerank(IndexEntry entry)
    {
        EntryKey key = entry.EntryKey;
        using SlotScope scope = log.Enter();
        LogSlot slot = scope.Slot;
        ReadOnlySpan<byte> place = WriteKey(slot, state.Stores.Get(key.StoreId), key, out int prefix);
        using (log.Keys.Enter(place[..prefix]))
        {
            IndexEntry ranked = state.Rank(entry);
            Span<byte> buffer = slot.ValueBuffer(EntryLayout.MaxSizeOf(ranked));
            slot.Write(place, buffer[..EntryLayout.Write(buffer, ranked, ranked.AccessClock)], RecordOperation.Append);
        }
    }

    public void Mark(EntryKey key, DateTimeOffset at)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return;
        }

        using SlotScope scope = log.Enter();
        LogSlot slot = scope.Slot;
        ReadOnlySpan<byte> place = WriteKey(slot, store, key, out int prefix);
        using (log.Keys.Enter(place[..prefix]))
        {
            long clock = state.Clock.Next();
            if (state.MarkOperation is { } operation)
            {
                slot.Change(place, new RecordInput(operation, clock, at.UtcTicks));
            }
            else if (slot.Read(place))
            {
                IndexEntry entry = Read(place, slot.Found, key.StoreId, key.Key);
                double priority = state.OnMark(entry with { LastAccess = at, AccessCount = entry.AccessCount + 1, AccessClock = clock }, clock);
                slot.Change(place, new RecordInput(RecordOperation.MarkToPriority, clock, at.UtcTicks, priority));
            }
        }
    }

    public void Touch(EntryKey key, DateTimeOffset validatedAt)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return;
        }

        using SlotScope scope = log.Enter();
        ReadOnlySpan<byte> place = WriteKey(scope.Slot, store, key, out int prefix);
        using (log.Keys.Enter(place[..prefix]))
        {
            scope.Slot.Change(place, new RecordInput(RecordOperation.Touch, Ticks: validatedAt.UtcTicks));
        }
    }

    public IndexEntry? Delete(EntryKey key, long? ifVersion)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return null;
        }

        using SlotScope scope = log.Enter();
        LogSlot slot = scope.Slot;
        ReadOnlySpan<byte> place = WriteKey(slot, store, key, out int prefix);
        using (log.Keys.Enter(place[..prefix]))
        {
            if (!slot.Read(place) || (ifVersion ?? EntryLayout.VersionOf(slot.Found)) != EntryLayout.VersionOf(slot.Found))
            {
                return null;
            }

            IndexEntry entry = Read(place, slot.Found, key.StoreId, key.Key);
            Remove(slot, place, slot.Found);
            return entry;
        }
    }

    /// <summary>Removes value or absence, and the parts, of a key.</summary>
    public List<IndexEntry> DeleteKey(int store, string storeId, string key)
    {
        using SlotScope scope = log.Enter();
        return DeleteKey(scope.Slot, store, storeId, key);
    }

    /// <inheritdoc cref="DeleteKey(int, string, string)"/>
    public List<IndexEntry> DeleteKey(LogSlot slot, int store, string storeId, string key)
    {
        var removed = new List<IndexEntry>();
        int prefix = RecordKey.WritePrefix(slot.Key, store, key);
        using (log.Keys.Enter(slot.Key.AsSpan(0, prefix)))
        {
            ReadOnlySpan<byte> whole = slot.Key.AsSpan(0, RecordKey.WriteSuffix(slot.Key, prefix, RecordKey.Whole, 0));
            if (slot.Read(whole))
            {
                removed.Add(Read(whole, slot.Found, storeId, key));
                Forget(slot, whole, slot.Found);
            }

            foreach (long offset in PartDirectory.Reaching(slot, prefix, 0, long.MaxValue))
            {
                ReadOnlySpan<byte> part = PartKey(slot, prefix, offset);
                if (slot.Read(part))
                {
                    removed.Add(Read(part, slot.Found, storeId, key));
                    Forget(slot, part, slot.Found);
                }
            }

            PartDirectory.Clear(slot, prefix);
        }

        return removed;
    }

    /// <summary>Removes an entry whose record was just read, with the key's lock held. The key lies in the slot's buffer, and does so afterwards.</summary>
    public static void Remove(LogSlot slot, ReadOnlySpan<byte> place, ReadOnlySpan<byte> value)
    {
        long offset = RecordKey.OffsetOf(place);
        int prefix = RecordKey.PrefixOf(place).Length;
        Forget(slot, place, value);
        if (offset != EntryKey.Whole)
        {
            PartDirectory.Remove(slot, prefix, offset);
            RecordKey.WriteSuffix(slot.Key, prefix, RecordKey.Part, offset);
        }
    }

    /// <summary>Puts an entry back that <see cref="Remove"/> has taken; its place in the log is the last.</summary>
    public void PutBack(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        using SlotScope scope = log.Enter();
        LogSlot slot = scope.Slot;
        key.CopyTo(slot.Key);
        ReadOnlySpan<byte> place = slot.Key.AsSpan(0, key.Length);
        ReadOnlySpan<byte> prefix = RecordKey.PrefixOf(place);
        using (log.Keys.Enter(prefix))
        {
            if (slot.Read(place))
            {
                return; // somebody has pushed it anew meanwhile
            }

            slot.Write(place, value, RecordOperation.Append);
            slot.CountBytes(LogStore.SizeOf(place.Length, value.Length));
            slot.Count(RecordKey.StoreOf(place), EntryLayout.TotalsOf(value));
            if (RecordKey.OffsetOf(place) is not EntryKey.Whole and var offset)
            {
                PartDirectory.Add(slot, prefix.Length, offset);
            }
        }
    }

    /// <summary>The entry of a record.</summary>
    public IndexEntry Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        string storeId = state.Stores.Ids[RecordKey.StoreOf(key)];
        return Read(key, value, storeId, Encoding.UTF8.GetString(RecordKey.TextOf(key)));
    }

    /// <summary>What becomes of the entry of a record.</summary>
    public Retention RetentionOf(ReadOnlySpan<byte> key) =>
        state.Pins.RetentionOf(state.Stores.Ids[RecordKey.StoreOf(key)], Encoding.UTF8.GetString(RecordKey.TextOf(key)));

    private IndexEntry Read(ReadOnlySpan<byte> place, ReadOnlySpan<byte> value, string storeId, string key) =>
        EntryLayout.Read(place, value, storeId, state.Pins.RetentionOf(storeId, key), key);

    private static void Forget(LogSlot slot, ReadOnlySpan<byte> place, ReadOnlySpan<byte> value)
    {
        slot.Count(RecordKey.StoreOf(place), default(IndexTotals) - EntryLayout.TotalsOf(value));
        slot.CountBytes(-LogStore.SizeOf(place.Length, value.Length));
        slot.Delete(place);
    }

    private static ReadOnlySpan<byte> WriteKey(LogSlot slot, int store, EntryKey key, out int prefix)
    {
        prefix = RecordKey.WritePrefix(slot.Key, store, key.Key);
        byte what = key.Offset == EntryKey.Whole ? RecordKey.Whole : RecordKey.Part;
        return slot.Key.AsSpan(0, RecordKey.WriteSuffix(slot.Key, prefix, what, key.Offset));
    }

    private static ReadOnlySpan<byte> PartKey(LogSlot slot, int prefix, long offset) =>
        slot.Key.AsSpan(0, RecordKey.WriteSuffix(slot.Key, prefix, RecordKey.Part, offset));
}
