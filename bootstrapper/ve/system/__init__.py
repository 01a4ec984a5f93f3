"""Operations of the operating system: files, directories, modes, child processes."""
