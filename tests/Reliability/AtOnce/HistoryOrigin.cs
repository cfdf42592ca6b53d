using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace ZarrCache.Reliability;

/// <summary>
/// An origin whose every value is a function of its key and its version, so that a wrong byte is known wherever it is
/// read. One read in ten fails; one in ten breaks off in the middle. Deterministic but for the order of the callers.
/// </summary>
internal sealed class HistoryOrigin(string storeId, int seed) : IZarrStore
{
    /// <summary>The versions that each key had, the present one last. A key is written by one hand at a time.</summary>
    private readonly ConcurrentDictionary<string, ConcurrentQueue<long>> _versions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (int Now, int Most)> _atOnce = new(StringComparer.Ordinal);
    private long _requests;

    /// <summary>The version of a key that the origin has now; 0 for none.</summary>
    public long VersionOf(string key) => _versions.TryGetValue(key, out ConcurrentQueue<long>? versions) ? versions.Last() : 0;

    /// <summary>The bytes of a key in a version: the first eight tell the version, the size and all others follow from store, key and version.</summary>
    public byte[] Content(string key, long version)
    {
        var random = new Random(HashCode(key) ^ (int)version ^ seed);
        var bytes = new byte[16 + random.Next(6000)];
        random.NextBytes(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, version);
        return bytes;
    }

    /// <summary>Which version these are the bytes of in a range, newest first; −1 if of none that the origin ever had.</summary>
    public long Recognize(string key, ReadOnlySpan<byte> bytes, ByteRange range)
    {
        foreach (long version in _versions.TryGetValue(key, out ConcurrentQueue<long>? versions) ? versions.Reverse() : [])
        {
            byte[] content = Content(key, version);
            if (range.TryResolve(content.Length, out long offset, out long length) && bytes.SequenceEqual(content.AsSpan((int)offset, (int)length)))
            {
                return version;
            }
        }

        return -1;
    }

    /// <summary>How many reads of a key were under way at once, at most.</summary>
    public int MostAtOnce(string key) => _atOnce.GetValueOrDefault(key).Most;

    public async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        Count(key, 1);
        try
        {
            ReadResult result = await AnswerAsync(key, options, ct);
            if (result is not Answer)
            {
                Count(key, -1);
            }

            return result;
        }
        catch
        {
            Count(key, -1);
            throw;
        }
    }

    private void Count(string key, int change) => _atOnce.AddOrUpdate(key, _ => (change, change), (_, count) => (count.Now + change, Math.Max(count.Most, count.Now + change)));

    private async ValueTask<ReadResult> AnswerAsync(string key, ReadOptions options, CancellationToken ct)
    {
        long request = Interlocked.Increment(ref _requests);
        await Task.Yield();
        ct.ThrowIfCancellationRequested();
        if (request % 10 == 3)
        {
            throw new StoreException($"Request {request} of store '{storeId}' fails: the test's line is bad.");
        }

        long version = VersionOf(key);
        if (version == 0)
        {
            return ReadResult.WithoutBytes(ReadStatus.Absent);
        }

        byte[] content = Content(key, version);
        var info = new ObjectInfo(content.Length, $"\"{version}\"", null);
        ReadStatus status = options.Evaluate(info);
        if (status != ReadStatus.Found)
        {
            return ReadResult.WithoutBytes(status, info);
        }

        (long offset, long length) = options.Range.Resolve(key, info.Size);
        return new Answer(info, offset, content.AsMemory((int)offset, (int)length), breaksOff: request % 10 == 7, ended: () => Count(key, -1));
    }

    public async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct)
    {
        await Task.Yield();
        long version = BinaryPrimitives.ReadInt64LittleEndian(value.FirstSpan);
        _versions.GetOrAdd(key, _ => new ConcurrentQueue<long>()).Enqueue(version);
        await Task.Yield();
        return new ObjectInfo(value.Length, $"\"{version}\"", null);
    }

    public ValueTask<bool> EraseAsync(string key, CancellationToken ct) => throw new NotSupportedException("Versions of this origin only grow.");

    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("Versions of this origin only grow.");

    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This origin is not listed.");

    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This origin is not listed.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private int HashCode(string key)
    {
        int hash = 17;
        foreach (char c in storeId)
        {
            hash = (hash * 31) + c;
        }

        foreach (char c in key)
        {
            hash = (hash * 31) + c;
        }

        return hash;
    }

    private sealed class Answer(in ObjectInfo info, long offset, ReadOnlyMemory<byte> bytes, bool breaksOff, Action ended) : ReadResult(info, offset, bytes.Length)
    {
        private int _ended;

        public override ValueTask DisposeAsync()
        {
            End();
            return ValueTask.CompletedTask;
        }

        protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
        {
            await Task.Yield();
            int position = (int)(Length - Remaining);
            if (breaksOff && position > 0)
            {
                throw new StoreException("The test's line broke off.");
            }

            int count = Math.Min(destination.Length, 2000);
            bytes.Slice(position, count).CopyTo(destination);
            if (count == Remaining)
            {
                End();
            }

            return count;
        }

        /// <summary>With the last byte; whoever has it may ask for the next.</summary>
        private void End()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                ended();
            }
        }
    }
}
