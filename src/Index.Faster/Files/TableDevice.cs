using FASTER.core;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The file of a hash table. FASTER goes on as if all were well when a write of it fails, and would find another table than it
/// saved; so the fault is left in <see cref="Fault"/> for whoever made the checkpoint. Its check sum stands in the checkpoint.
/// </summary>
internal sealed class TableDevice(string path) : StorageDeviceBase(path, ChecksummedLogDevice.BlockBytes, Devices.CAPACITY_UNSPECIFIED)
{
    // Opened when it is needed first, since FASTER asks for the device of a table before it exists; guards that.
    private readonly Lock _lock = new();
    private SafeFileHandle? _file;
    private volatile ZarrCacheException? _fault;

    /// <summary>Why something failed; null as long as nothing did.</summary>
    public ZarrCacheException? Fault => _fault;

    public override unsafe void WriteAsync(nint sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context) => Run(
        () => RandomAccess.Write(Open(), new ReadOnlySpan<byte>((byte*)sourceAddress, (int)numBytesToWrite), (long)destinationAddress),
        numBytesToWrite,
        callback,
        context);

    public override unsafe void ReadAsync(int segmentId, ulong sourceAddress, nint destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context) => Run(
        () => Read((long)sourceAddress, new Span<byte>((byte*)destinationAddress, (int)readLength)),
        readLength,
        callback,
        context);

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) => callback(result); // a table is removed with its checkpoint

    public override void Dispose() => _file?.Dispose();

    private void Read(long at, Span<byte> target)
    {
        int read = 0;
        for (int got = -1; read < target.Length && got != 0; read += got)
        {
            got = RandomAccess.Read(Open(), target[read..], at + read);
        }

        target[read..].Clear();
    }

    private void Run(Action work, uint bytes, DeviceIOCompletionCallback callback, object context) => ThreadPool.UnsafeQueueUserWorkItem(
        _ =>
        {
            try
            {
                work();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                _fault = new ZarrCacheException($"The file '{FileName}' of the index cannot be used: {e.Message}", e);
            }

            callback(0, bytes, context);
        },
        null);

    private SafeFileHandle Open()
    {
        lock (_lock)
        {
            return _file ??= File.OpenHandle(FileName, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
    }
}
