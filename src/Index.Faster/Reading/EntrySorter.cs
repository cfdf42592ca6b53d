using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>
/// Sorts any number of entries in bounded memory: runs of 65,536, about 40 MB, are sorted and written to files that go
/// when they are closed, then merged as they are read. Where only the first few are asked for, no more than those are kept.
/// </summary>
internal sealed class EntrySorter(Comparer<IndexEntry> order, string directory, long limit, Func<IndexEntry, Retention> retentionOf) : IDisposable
{
    private const int RunLength = 1 << 16;
    private const int BufferSize = 1 << 16;

    private readonly List<IndexEntry> _entries = [];
    private readonly List<FileStream> _runs = [];

    public void Add(IndexEntry entry)
    {
        _entries.Add(entry);
        if (_entries.Count < (limit <= RunLength ? 2 * Math.Max(limit, 1024) : RunLength))
        {
            return;
        }

        _entries.Sort(order);
        if (limit <= RunLength)
        {
            _entries.RemoveRange((int)limit, _entries.Count - (int)limit);
            return;
        }

        _runs.Add(Write());
        _entries.Clear();
    }

    /// <summary>All of them, in order.</summary>
    public IEnumerable<IndexEntry> Read()
    {
        _entries.Sort(order);
        if (_runs.Count == 0)
        {
            foreach (IndexEntry entry in _entries)
            {
                yield return entry;
            }

            yield break;
        }

        var merge = new PriorityQueue<IEnumerator<IndexEntry>, IndexEntry>(order);
        foreach (IEnumerable<IndexEntry> run in _runs.Select(Read).Append(_entries))
        {
            Advance(run.GetEnumerator());
        }

        while (merge.TryDequeue(out IEnumerator<IndexEntry>? run, out IndexEntry? next))
        {
            yield return next;
            Advance(run);
        }

        void Advance(IEnumerator<IndexEntry> run)
        {
            if (run.MoveNext())
            {
                merge.Enqueue(run, run.Current);
            }
            else
            {
                run.Dispose();
            }
        }
    }

    public void Dispose() => _runs.ForEach(run => run.Dispose());

    private FileStream Write()
    {
        var file = new FileStream(Path.Combine(directory, $"sort.{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferSize, FileOptions.DeleteOnClose);
        try
        {
            using var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true);
            byte[] key = new byte[RecordKey.MaxSize];
            byte[] value = [];
            foreach (IndexEntry entry in _entries)
            {
                value = value.Length < EntryLayout.MaxSizeOf(entry) ? new byte[2 * EntryLayout.MaxSizeOf(entry)] : value;
                bool isPart = entry.Kind == EntryKind.Part;
                int keySize = RecordKey.WriteSuffix(key, RecordKey.WritePrefix(key, 0, entry.Key), isPart ? RecordKey.Part : RecordKey.Whole, entry.Offset);
                int valueSize = EntryLayout.Write(value, entry, 0);
                writer.Write(entry.StoreId);
                writer.Write(keySize);
                writer.Write(key.AsSpan(0, keySize));
                writer.Write(valueSize);
                writer.Write(value.AsSpan(0, valueSize));
            }

            writer.Flush();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private IEnumerable<IndexEntry> Read(FileStream run)
    {
        run.Position = 0;
        using var reader = new BinaryReader(run, Encoding.UTF8, leaveOpen: true);
        for (int i = 0; i < RunLength; i++)
        {
            string storeId = reader.ReadString();
            byte[] key = reader.ReadBytes(reader.ReadInt32());
            byte[] value = reader.ReadBytes(reader.ReadInt32());
            IndexEntry entry = EntryLayout.Read(key, value, storeId, default);
            yield return entry with { Retention = retentionOf(entry) };
        }
    }
}
