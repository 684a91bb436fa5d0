//! The programs that we call, the Debian package of each, and what for.

use crate::program;

/// A program that we call.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// Its name along `PATH`, or the absolute path of a file that is no program.
    pub program: &'static str,
    /// The Debian package that has it.
    pub package: &'static str,
    /// What we call it for.
    pub why: &'static str,
}

impl Need {
    /// Whether it is on this machine.
    pub fn is_there(&self) -> bool {
        program::find(self.program).is_some()
    }
}

const fn need(program: &'static str, package: &'static str, why: &'static str) -> Need {
    Need { program, package, why }
}

/// The Debian package that has a program.
pub fn package_of(program: &str) -> Option<&'static str> {
    NEEDS.iter().find(|need| need.program == program).map(|need| need.package)
}

/// All of them, sorted by package.
pub const NEEDS: &[Need] = &[
    need("casync", "casync", "is a contender of the benchmark of slow lines"),
    need("timeout", "coreutils", "ends programs that hang"),
    need("cpio", "cpio", "reads the archives that our QEMU guest starts from"),
    need("curl", "curl", "asks our service, and is many clients at once"),
    need("debootstrap", "debootstrap", "makes the Debian system on the golden disk"),
    need("fsck.fat", "dosfstools", "judges our FAT volumes"),
    need("mkfs.fat", "dosfstools", "makes the EFI system partition of the golden disk that starts"),
    need("debugfs", "e2fsprogs", "changes the golden disk for its next version without mounting it"),
    need("dumpe2fs", "e2fsprogs", "reads the golden disk's filesystem"),
    need("mkfs.ext4", "e2fsprogs", "makes the golden disk's filesystem without mounting it"),
    need("fdisk", "fdisk", "reads our partition tables"),
    need("sfdisk", "fdisk", "partitions the golden disk, and reads our partition tables"),
    need("fusermount", "fuse3", "unmounts what ntfs-3g mounted"),
    need("cc", "gcc", "links Rust programs and compiles zstd"),
    need("sgdisk", "gdisk", "judges our partition tables"),
    need("genisoimage", "genisoimage", "is a contender of the benchmark"),
    need("isoinfo", "genisoimage", "lists our ISO 9660 volumes"),
    need("grub-mkimage", "grub-common", "makes the UEFI program that `boot` starts from our media"),
    need("/usr/lib/grub/x86_64-efi/kernel.img", "grub-efi-amd64-bin", "is what that program is made of"),
    need(
        "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
        "grub-efi-amd64-signed",
        "starts the golden disk under UEFI, and media with Secure Boot",
    ),
    need("/usr/lib/grub/i386-pc/boot.img", "grub-pc-bin", "starts the golden disk, and media, under a BIOS"),
    need("fsntfsinfo", "libfsntfs-utils", "judges our NTFS volumes"),
    need("/usr/lib/x86_64-linux-gnu/libudfread.so.0", "libudfread0", "reads our UDF volumes"),
    need("vhdiinfo", "libvhdi-utils", "judges our VHD headers and identities"),
    need("vhdimount", "libvhdi-utils", "reads our differencing VHDs"),
    need("minisign", "minisign", "verifies our signatures, and signs for us to verify"),
    need("mcopy", "mtools", "reads files from our FAT volumes"),
    need("mdir", "mtools", "lists our FAT volumes"),
    need("nginx", "nginx-light", "serves the chunks of casync"),
    need("mkntfs", "ntfs-3g", "formats volumes for our reader, and for the benchmark's contender"),
    need("mount.ntfs-3g", "ntfs-3g", "mounts our NTFS volumes"),
    need("ntfs-3g", "ntfs-3g", "mounts our NTFS volumes, and the benchmark's contender"),
    need("ntfscat", "ntfs-3g", "reads files from our NTFS volumes"),
    need("ntfscp", "ntfs-3g", "writes files to NTFS volumes that our reader reads"),
    need("ntfsfix", "ntfs-3g", "judges our NTFS volumes"),
    need("ntfsinfo", "ntfs-3g", "judges our NTFS volumes"),
    need("ntfsls", "ntfs-3g", "lists our NTFS volumes"),
    need("ssh", "openssh-client", "is how stores are reached on other machines"),
    need("/usr/sbin/sshd", "openssh-server", "is the server on such a machine"),
    need("openssl", "openssl", "hashes for the benchmark's contenders"),
    need("/usr/share/ovmf/OVMF.fd", "ovmf", "is the UEFI firmware that starts our media"),
    need("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "ovmf", "is firmware that checks signatures"),
    need("/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd", "ovmf", "is the key that it trusts in tests"),
    need("7z", "p7zip-full", "judges our volumes and partition tables"),
    need("pesign", "pesign", "judges the digests that we sign"),
    need("/usr/bin/python3", "python3", "speaks to libudfread and pycdlib"),
    need(
        "/usr/lib/python3/dist-packages/pycdlib/pycdlib.py",
        "python3-pycdlib",
        "reads our ISO 9660 and UDF volumes",
    ),
    need("qemu-system-x86_64", "qemu-system-x86", "runs the guest whose kernel judges our volumes"),
    need("qemu-img", "qemu-utils", "makes and judges VHD files"),
    need("qemu-io", "qemu-utils", "writes into VHD files that our reader reads"),
    need("sbsign", "sbsigntool", "signs programs, as we do"),
    need("sbverify", "sbsigntool", "judges our signatures of programs"),
    need("/usr/share/seabios/bios-256k.bin", "seabios", "is the BIOS that starts our media"),
    need("/usr/lib/shim/shimx64.efi.signed", "shim-signed", "starts that GRUB where Secure Boot is on"),
    need("fls", "sleuthkit", "lists our NTFS volumes"),
    need("fsstat", "sleuthkit", "judges our NTFS volumes"),
    need("icat", "sleuthkit", "reads files from our NTFS volumes"),
    need(
        "/usr/lib/systemd/boot/efi/systemd-bootx64.efi",
        "systemd-boot-efi",
        "is a real UEFI program for the demo's boot partition",
    ),
    need("/usr/bin/time", "time", "measures processor time and peak memory"),
    need("mkudffs", "udftools", "formats volumes for the judge of ours"),
    need("udfinfo", "udftools", "judges our UDF volumes"),
    need("xorriso", "xorriso", "reads our ISO 9660 volumes and their boot records"),
    need("xz", "xz-utils", "unpacks the kernel modules of the QEMU guest"),
    need("zstd", "zstd", "unpacks our stored layers, and is a contender of the benchmark"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_by_package_and_gives_reasons() {
        assert!(NEEDS.is_sorted_by_key(|need| need.package));
        assert!(NEEDS.iter().all(|need| !need.why.is_empty()));
    }
}
