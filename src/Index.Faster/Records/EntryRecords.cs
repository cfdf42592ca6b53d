using System.Runtime.CompilerServices;
using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>The entries of the log, one at a time: what a caller's key stands for, found, pushed, marked and removed. Stateless; each holds its key.</summary>
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
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(place));
        return scope.Session.Read(place) ? Read(place, scope.Session.Found, key.StoreId, key.Key) : null;
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
        using KeyScope scope = log.Enter(prefix);
        var found = new List<IndexEntry>();
        prefix.CopyTo(scope.Session.Key);
        foreach (long start in PartDirectory.Reaching(scope.Session, prefix.Length, offset, end))
        {
            ReadOnlySpan<byte> place = PartKey(scope.Session, prefix.Length, start);
            if (scope.Session.Read(place) && Read(place, scope.Session.Found, storeId, key) is { } part && part.Offset + part.Size > offset)
            {
                found.Add(part);
            }
        }

        return found;
    }

    /// <summary>The first part of a key; null if there is none.</summary>
    public IndexEntry? FindFirstPart(string storeId, string key)
    {
        if (state.Stores.Find(storeId) is not { } store)
        {
            return null;
        }

        Span<byte> prefix = stackalloc byte[RecordKey.MaxSize];
        prefix = prefix[..RecordKey.WritePrefix(prefix, store, key)];
        using KeyScope scope = log.Enter(prefix);
        prefix.CopyTo(scope.Session.Key);
        if (PartDirectory.First(scope.Session, prefix.Length) is not { } start)
        {
            return null;
        }

        ReadOnlySpan<byte> place = PartKey(scope.Session, prefix.Length, start);
        return scope.Session.Read(place) ? Read(place, scope.Session.Found, storeId, key) : null;
    }

    /// <summary>Pushes an entry, and gives the one that it replaced.</summary>
    [SkipLocalsInit]
    public IndexEntry? Push(IndexEntry entry)
    {
        EntryKey key = entry.EntryKey;
        int store = state.Stores.Get(key.StoreId);
        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(place));
        LogSession session = scope.Session;
        log.ThrowIfBroken();
        (long clock, double priority) = state.Rank(entry); // first: if the policy fails, nothing is lost
        Span<byte> buffer = session.ValueBuffer(EntryLayout.MaxSizeOf(entry));
        ReadOnlySpan<byte> value = buffer[..EntryLayout.WritePushed(buffer, entry, clock, clock, priority)];
        bool known = session.Push(place, value);
        IndexEntry? replaced = known ? Read(place, session.Found, key.StoreId, key.Key) : null;
        session.CountBytes(LogStore.SizeOf(place.Length, value.Length) - (known ? LogStore.SizeOf(place.Length, session.Found.Length) : 0));
        session.Count(store, replaced is null ? IndexTotals.Of(entry) : IndexTotals.Of(entry) - IndexTotals.Of(replaced));
        if (!known && key.Offset != EntryKey.Whole)
        {
            place.CopyTo(session.Key);
            PartDirectory.Add(session, RecordKey.PrefixOf(place).Length, key.Offset);
        }

        return replaced;
    }

    /// <summary>Gives an entry that another policy had ranked a new priority, and the last place in the log.</summary>
    [SkipLocalsInit]
    public void Rerank(IndexEntry entry)
    {
        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], state.Stores.Get(entry.StoreId), entry.EntryKey);
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(place));
        log.ThrowIfBroken();
        (long clock, double priority) = state.Rank(entry);
        Span<byte> buffer = scope.Session.ValueBuffer(EntryLayout.MaxSizeOf(entry));
        scope.Session.Write(place, buffer[..EntryLayout.WritePushed(buffer, entry, clock, clock, priority)], RecordOperation.Append);
    }

    [SkipLocalsInit]
    public void Mark(EntryKey key, DateTimeOffset at)
    {
        if (state.Stores.Find(key.StoreId) is not { } store)
        {
            return;
        }

        ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(place));
        log.ThrowIfBroken();
        long clock = state.Clock.Next();
        if (state.MarkOperation is { } operation)
        {
            scope.Session.Change(place, new RecordInput(operation, clock, at.UtcTicks));
        }
        else if (scope.Session.Read(place))
        {
            IndexEntry entry = Read(place, scope.Session.Found, key.StoreId, key.Key);
            double priority = state.OnMark(entry with { LastAccess = at, AccessCount = entry.AccessCount + 1, AccessClock = clock }, clock);
            scope.Session.Change(place, new RecordInput(RecordOperation.MarkToPriority, clock, at.UtcTicks, priority));
        }
    }

    [SkipLocalsInit]
    public void Touch(EntryKey key, DateTimeOffset validatedAt)
    {
        if (state.Stores.Find(key.StoreId) is { } store)
        {
            ReadOnlySpan<byte> place = Place(stackalloc byte[RecordKey.MaxSize], store, key);
            using KeyScope scope = log.Enter(RecordKey.PrefixOf(place));
            log.ThrowIfBroken();
            scope.Session.Change(place, new RecordInput(RecordOperation.Touch, Ticks: validatedAt.UtcTicks));
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
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(place));
        LogSession session = scope.Session;
        if (!session.Read(place) || (ifVersion ?? EntryLayout.VersionOf(session.Found)) != EntryLayout.VersionOf(session.Found))
        {
            return null;
        }

        IndexEntry entry = Read(place, session.Found, key.StoreId, key.Key);
        Remove(session, place, session.Found);
        return entry;
    }

    /// <summary>Removes value or absence, and the parts, of a key.</summary>
    [SkipLocalsInit]
    public List<IndexEntry> DeleteKey(int store, string storeId, string key)
    {
        Span<byte> prefix = stackalloc byte[RecordKey.MaxSize];
        prefix = prefix[..RecordKey.WritePrefix(prefix, store, key)];
        using KeyScope scope = log.Enter(prefix);
        LogSession session = scope.Session;
        prefix.CopyTo(session.Key);
        var removed = new List<IndexEntry>();
        TakeOut(session.Key.AsSpan(0, RecordKey.WriteSuffix(session.Key, prefix.Length, RecordKey.Whole, 0)));
        List<long> parts = PartDirectory.Reaching(session, prefix.Length, 0, long.MaxValue);
        foreach (long offset in parts)
        {
            TakeOut(PartKey(session, prefix.Length, offset));
        }

        if (parts.Count > 0)
        {
            PartDirectory.Clear(session, prefix.Length);
        }

        return removed;

        void TakeOut(ReadOnlySpan<byte> place)
        {
            if (session.Read(place))
            {
                removed.Add(Read(place, session.Found, storeId, key));
                Forget(session, place, session.Found);
            }
        }
    }

    /// <summary>Removes an entry whose record was just read, with its key held.</summary>
    public static void Remove(LogSession session, ReadOnlySpan<byte> place, ReadOnlySpan<byte> value)
    {
        Forget(session, place, value);
        if (RecordKey.OffsetOf(place) is not EntryKey.Whole and var offset)
        {
            place.CopyTo(session.Key);
            PartDirectory.Remove(session, RecordKey.PrefixOf(place).Length, offset);
        }
    }

    /// <summary>Puts an entry back that <see cref="Remove"/> has taken; its place in the log is the last.</summary>
    public void PutBack(ReadOnlySpan<byte> place, IndexEntry entry, long pushed)
    {
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(place));
        LogSession session = scope.Session;
        if (session.Read(place))
        {
            return; // somebody has pushed it anew meanwhile
        }

        Span<byte> buffer = session.ValueBuffer(EntryLayout.MaxSizeOf(entry));
        ReadOnlySpan<byte> value = buffer[..EntryLayout.Write(buffer, entry, pushed)];
        session.Write(place, value, RecordOperation.Append);
        session.CountBytes(LogStore.SizeOf(place.Length, value.Length));
        session.Count(RecordKey.StoreOf(place), IndexTotals.Of(entry));
        if (RecordKey.OffsetOf(place) is not EntryKey.Whole and var offset)
        {
            place.CopyTo(session.Key);
            PartDirectory.Add(session, RecordKey.PrefixOf(place).Length, offset);
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

    private static void Forget(LogSession session, ReadOnlySpan<byte> place, ReadOnlySpan<byte> value)
    {
        session.Count(RecordKey.StoreOf(place), default(IndexTotals) - EntryLayout.TotalsOf(value));
        session.CountBytes(-LogStore.SizeOf(place.Length, value.Length));
        session.Delete(place);
    }

    private static ReadOnlySpan<byte> Place(Span<byte> buffer, int store, EntryKey key)
    {
        int prefix = RecordKey.WritePrefix(buffer, store, key.Key);
        return buffer[..RecordKey.WriteSuffix(buffer, prefix, key.Offset == EntryKey.Whole ? RecordKey.Whole : RecordKey.Part, key.Offset)];
    }

    private static ReadOnlySpan<byte> PartKey(LogSession session, int prefix, long offset) =>
        session.Key.AsSpan(0, RecordKey.WriteSuffix(session.Key, prefix, RecordKey.Part, offset));
}
