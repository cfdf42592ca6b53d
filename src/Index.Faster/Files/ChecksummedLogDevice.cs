using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Hashing;
using FASTER.core;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The files of the log, <c>log.N</c> of <see cref="SegmentBytes"/> each, with a check sum for each block of 4 KiB that is
/// verified on every read: FASTER itself takes whatever lies on disk for its own.
/// </summary>
/// <remarks>
/// <para>
/// The sums of what a checkpoint covers are written beside it as <c>log.N.sums</c>, 4 bytes of XxHash3 for each block. A
/// checkpoint ends at a block's end (see <see cref="LogStore"/>), and what lies before it is never written again.
/// </para>
/// <para>
/// A damaged block reads as zeros, and so does what follows it in the same read, in which FASTER finds no record (lengths of
/// records that are cut in two would lead it astray). The fault is left in <see cref="ReadFault"/>, which whoever reads looks at
/// afterwards: FASTER has no way to fail a read. Short reads are made on the caller's thread, which would only wait for another one.
/// </para>
/// <para>
/// A write that fails is held in memory (<see cref="HeldWrites"/>) and tried again every second, and so is what comes after it; reads
/// see it. As long as <see cref="WriteFault"/> says so nothing is to be pushed, and no checkpoint made.
/// </para>
/// </remarks>
internal sealed class ChecksummedLogDevice : StorageDeviceBase
{
    public const int BlockBytes = 4096;
    public const int SegmentBytes = 32 << 20;

    private const int BlocksInSegment = SegmentBytes / BlockBytes;
    private const int ChunkBytes = 1 << 20;
    private const int SynchronousReadBytes = 64 << 10;

    // Guards the opening and the removal of a file, so that it is opened once.
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<int, Segment> _segments = new();

    private readonly bool _readOnly;
    private readonly HeldWrites _held;
    private volatile ZarrCacheException? _readFault;
    private int _readFaults;

    public ChecksummedLogDevice(string path, bool readOnly, TimeProvider time)
        : base(path, BlockBytes, Devices.CAPACITY_UNSPECIFIED)
    {
        _readOnly = readOnly;
        _held = new HeldWrites(TryWrite, time);
    }

    /// <summary>Why a read failed, or what it met; null as long as all is well.</summary>
    public ZarrCacheException? ReadFault => _readFault;

    /// <summary>How many reads did.</summary>
    public int ReadFaults => Volatile.Read(ref _readFaults);

    /// <summary>Why a write failed; null as long as all is well.</summary>
    public ZarrCacheException? WriteFault => _held.Fault;

    /// <summary>The bytes that the files take up.</summary>
    public long FileBytes => _segments.Keys.Sum(segment => new FileInfo(NameOf(segment)) is { Exists: true } file ? file.Length : 0);

    public override unsafe void WriteAsync(nint sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                _held.Write(new ReadOnlySpan<byte>((byte*)sourceAddress, (int)numBytesToWrite), segmentId, (long)destinationAddress);
                callback(0, numBytesToWrite, context);
            },
            null);

    public override void ReadAsync(int segmentId, ulong sourceAddress, nint destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context)
    {
        if (readLength <= SynchronousReadBytes)
        {
            Run();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Run(), null);
        }

        void Run()
        {
            try
            {
                Read(segmentId, (long)sourceAddress, destinationAddress, (int)readLength);
            }
            catch (Exception e) when (FaultOf(segmentId, e) is { } fault)
            {
                _readFault = fault;
                Interlocked.Increment(ref _readFaults);
            }

            callback(0, readLength, context);
        }
    }

    /// <summary>Nothing: FASTER would give up what the checkpoint that is still the last one needs. See <see cref="DropUntil"/>.</summary>
    public override void TruncateUntilAddressAsync(long toAddress, AsyncCallback callback, IAsyncResult result) => callback(result);

    /// <inheritdoc cref="TruncateUntilAddressAsync"/>
    public override void TruncateUntilAddress(long toAddress)
    {
    }

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result)
    {
        Remove(segment);
        callback(result);
    }

    public override long GetFileSize(int segment) => SegmentBytes;

    /// <summary>Reads what lies at an address, both multiples of the block, within one file.</summary>
    /// <exception cref="CacheFormatException">It is damaged.</exception>
    public void Read(long address, Span<byte> target) => Read((int)(address / SegmentBytes), address % SegmentBytes, target);

    /// <summary>Removes the files that lie wholly before an address.</summary>
    public void DropUntil(long address)
    {
        foreach (int segment in _segments.Keys.Where(segment => segment < address / SegmentBytes))
        {
            Remove(segment);
        }
    }

    /// <summary>Opens the files of a checkpoint and reads their sums.</summary>
    /// <exception cref="CacheFormatException">One is missing or too short; the message names it.</exception>
    public void Open(long begin, long end)
    {
        for (int segment = (int)(begin / SegmentBytes); segment * (long)SegmentBytes < end; segment++)
        {
            long bytes = Math.Min(SegmentBytes, end - (segment * (long)SegmentBytes));
            RequireLength(NameOf(segment), bytes);
            int blocks = (int)(bytes / BlockBytes);
            RequireLength(SumsNameOf(segment), blocks * sizeof(uint));
            uint[] sums = OpenSegment(segment).Sums;
            using FileStream file = File.OpenRead(SumsNameOf(segment));
            file.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(sums.AsSpan(0, blocks)));
        }
    }

    /// <summary>Makes what lies in a range durable, and its sums.</summary>
    public void Persist(long begin, long end)
    {
        for (int segment = (int)(begin / SegmentBytes); segment * (long)SegmentBytes < end; segment++)
        {
            Segment opened = OpenSegment(segment);
            RandomAccess.FlushToDisk(opened.File);
            long start = segment * (long)SegmentBytes;
            int first = (int)(Math.Max(begin - start, 0) / BlockBytes);
            int last = (int)(Math.Min(SegmentBytes, end - start) / BlockBytes);
            using SafeFileHandle sums = File.OpenHandle(SumsNameOf(segment), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            RandomAccess.Write(sums, System.Runtime.InteropServices.MemoryMarshal.AsBytes(opened.Sums.AsSpan(first, last - first)), first * sizeof(uint));
            RandomAccess.FlushToDisk(sums);
        }
    }

    /// <summary>Closes the files. What is still held is lost, and no checkpoint has it.</summary>
    public override void Dispose()
    {
        _held.Dispose();
        foreach (Segment segment in _segments.Values)
        {
            segment.File.Dispose();
        }
    }

    private ZarrCacheException? TryWrite(ReadOnlySpan<byte> source, int segmentId, long destination)
    {
        try
        {
            Write(source, segmentId, destination);
            return null;
        }
        catch (Exception e) when (FaultOf(segmentId, e) is { } fault)
        {
            return fault;
        }
    }

    private void Write(ReadOnlySpan<byte> source, int segmentId, long destination)
    {
        Segment segment = OpenSegment(segmentId);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(source.Length, ChunkBytes));
        try
        {
            for (int done = 0; done < source.Length; done += ChunkBytes)
            {
                // a copy first: what is summed must be what is written, whoever changes the page meanwhile
                Span<byte> chunk = buffer.AsSpan(0, Math.Min(ChunkBytes, source.Length - done));
                source.Slice(done, chunk.Length).CopyTo(chunk);
                for (int at = 0; at < chunk.Length; at += BlockBytes)
                {
                    segment.Sums[(destination + done + at) / BlockBytes] = Sum(chunk.Slice(at, BlockBytes));
                }

                RandomAccess.Write(segment.File, chunk, destination + done);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private unsafe void Read(int segmentId, long source, nint destination, int bytes) => Read(segmentId, source, new Span<byte>((byte*)destination, bytes));

    private void Read(int segmentId, long source, Span<byte> target)
    {
        if (_held.Fault is null)
        {
            ReadFile(segmentId, source, target);
            return;
        }

        try
        {
            for (; target.Length > 0; source += BlockBytes, target = target[BlockBytes..])
            {
                Span<byte> block = target[..BlockBytes];
                if (!_held.TryRead(segmentId, source, block))
                {
                    ReadFile(segmentId, source, block);
                }
            }
        }
        finally
        {
            target.Clear(); // what follows damage reads as zeros
        }
    }

    private void ReadFile(int segmentId, long source, Span<byte> target)
    {
        Segment segment = OpenSegment(segmentId);
        int read = 0;
        try
        {
            for (int got = -1; read < target.Length && got != 0; read += got)
            {
                got = RandomAccess.Read(segment.File, target[read..], source + read);
            }
        }
        finally
        {
            target[read..].Clear();
        }

        for (int at = 0; at < target.Length; at += BlockBytes)
        {
            uint sum = segment.Sums[(source + at) / BlockBytes];
            if (sum != 0 && sum != Sum(target.Slice(at, BlockBytes)))
            {
                target[at..].Clear();
                throw new CacheFormatException($"The file '{NameOf(segmentId)}' of the index is damaged: the {BlockBytes} bytes at {source + at} do not match their check sum.");
            }
        }
    }

    /// <summary>What an exception says of a file; null for what is none of its faults.</summary>
    private ZarrCacheException? FaultOf(int segment, Exception exception) => exception switch
    {
        CacheFormatException damage => damage,
        IOException or UnauthorizedAccessException or ObjectDisposedException => new ZarrCacheException($"The file '{NameOf(segment)}' of the index cannot be used: {exception.Message}", exception),
        _ => null,
    };

    /// <summary>Never 0, which stands for unknown.</summary>
    private static uint Sum(ReadOnlySpan<byte> block) => Math.Max(1, (uint)XxHash3.HashToUInt64(block));

    private Segment OpenSegment(int segment)
    {
        if (_segments.TryGetValue(segment, out Segment? opened))
        {
            return opened;
        }

        lock (_lock)
        {
            return _segments.GetOrAdd(segment, number => new Segment(
                _readOnly
                    ? File.OpenHandle(NameOf(number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
                    : File.OpenHandle(NameOf(number), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete),
                new uint[BlocksInSegment]));
        }
    }

    private void Remove(int segment)
    {
        lock (_lock)
        {
            if (_segments.TryRemove(segment, out Segment? removed))
            {
                removed.File.Dispose();
            }

            File.Delete(NameOf(segment));
            File.Delete(SumsNameOf(segment));
        }

        _held.Remove(segment);
    }

    private static void RequireLength(string file, long bytes)
    {
        long length = new FileInfo(file) is { Exists: true } there ? there.Length : -1;
        if (length < bytes)
        {
            throw new CacheFormatException(length < 0
                ? $"The file '{file}' of the index is missing."
                : $"The file '{file}' of the index is damaged: it has {length} bytes, and had at least {bytes} when it was saved.");
        }
    }

    private string NameOf(int segment) => $"{FileName}.{segment}";

    private string SumsNameOf(int segment) => NameOf(segment) + ".sums";

    private sealed record Segment(SafeFileHandle File, uint[] Sums);
}
