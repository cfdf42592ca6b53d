using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// An answer that holds an open file: replacing or erasing the file does not disturb it. Reads synchronously, since
/// what is read is mostly in the page cache, where a thread of its own costs more than the copy.
/// </summary>
internal sealed class FileReadResult(FileTree tree, SafeFileHandle file, string key, in ObjectInfo info, long offset, long length) : ReadResult(info, offset, length)
{
    public override ValueTask DisposeAsync()
    {
        file.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        long position = Offset + Length - Remaining;
        int count;
        try
        {
            count = tree.Read(file, destination.Span, position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"Cannot read '{key}' in '{tree.Root}': {e.Message}", e);
        }

        return count > 0
            ? new(count)
            : throw new StoreException($"The file of '{key}' in '{tree.Root}' ends at byte {position}; it had {Info.Size} bytes when it was opened.");
    }
}
