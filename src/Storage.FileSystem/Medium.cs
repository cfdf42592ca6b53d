using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>How a file system counts: what a value takes up there beside its bytes.</summary>
/// <param name="BlockSize">What is allocated at a time, bytes.</param>
/// <param name="RecordSize">What the record of a file takes up beside the file; 0 where it fits into the inode. On ext4 with inodes of 256 bytes it is a block of its own.</param>
internal readonly record struct Medium(long BlockSize, long RecordSize)
{
    /// <summary>What is assumed where the file system cannot be asked.</summary>
    private static readonly Medium Usual = new(4096, 0);

    /// <summary>The length of the record of a value of up to a few MiB that has an ETag.</summary>
    private const int UsualRecord = 160;

    /// <summary>What a value of <paramref name="size"/> bytes with its record takes up. O(1).</summary>
    public long AllocatedSize(long size) => (size / BlockSize * BlockSize) + (size % BlockSize == 0 ? 0 : BlockSize) + RecordSize;

    /// <summary>Asks the file system of a directory, the second question by a temporary file.</summary>
    public static Medium Ask(string directory, bool mayWrite)
    {
        if (!LinuxFileTree.IsSupported)
        {
            return Usual;
        }

        using var opened = new SafeFileHandle(LibC.Open(directory, LibC.OpenPath | LibC.OpenDirectory | LibC.OpenCloseOnExec), ownsHandle: true);
        return opened.IsInvalid ? Usual : new Medium(AskBlockSize(opened), mayWrite ? TryRecord(directory) : 0);
    }

    private static unsafe long AskBlockSize(SafeFileHandle directory)
    {
        long* status = stackalloc long[32];
        return LibC.StatFileSystem(directory, status) == 0 ? Math.Clamp(status[9] > 0 ? status[9] : status[1], 512, 65536) : Usual.BlockSize;
    }

    private static long TryRecord(string directory)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(Path.Combine(directory, FileTree.NewTemporaryName()), FileMode.CreateNew, FileAccess.Write, options: FileOptions.DeleteOnClose);
            FileRecord.Write(file, stackalloc byte[UsualRecord]);
            return LibC.TryStat(file, out LibC.Status status) ? (long)status.Sectors * 512 : Usual.RecordSize;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Usual.RecordSize; // nothing can be written there, so nothing will be counted
        }
    }
}
