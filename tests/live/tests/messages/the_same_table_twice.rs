//! Relations to the same table without another name for it.

use live::generated::chinook::Employee;
use live::sqlmodel_runtime::prelude::*;

fn main() {
    let _ = Employee::select().join(Employee::MANAGER);
    let _ = Employee::select().left_join(Employee::MANAGER);
    let _ = Employee::select().filter(Employee::REPORTS.any());
}
